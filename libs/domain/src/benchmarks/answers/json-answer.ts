import { isRecord } from '@signalbox/common';
import type { Json } from '../suites/task.types';
import { codeBlocks } from './answer-text';

const mostStarts = 8;

/** The JSON value of an answer, wherever in it it stands. @returns undefined: there is none */
export function findJson(text: string): Json | undefined {
  for (const candidate of [text, ...codeBlocks(text)]) {
    const parsed = parseJson(candidate.trim());
    if (parsed !== undefined) return parsed;
  }
  return findEmbedded(text);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The first object or list that is complete. */
function findEmbedded(text: string): Json | undefined {
  let from = 0;
  for (let tries = 0; tries < mostStarts; tries += 1) {
    const start = text.slice(from).search(/[[{]/);
    if (start < 0) return undefined;
    const end = endOfValue(text, from + start);
    const parsed = end === null ? undefined : parseJson(text.slice(from + start, end));
    if (parsed !== undefined) return parsed;
    from += start + 1;
  }
  return undefined;
}

/** Behind the bracket that closes the one at `start`; brackets in texts do not count. */
function endOfValue(text: string, start: number): number | null {
  let depth = 0;
  let isInText = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (isInText) {
      if (character === '\\') index += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return null;
}

/** Objects by their fields in any order, lists in order, texts but for blanks at their ends, numbers by value. */
export function isSameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    return left.normalize('NFC').trim() === right.normalize('NFC').trim();
  }
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => isSameJson(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return left === right;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && isSameJson(left[name], right[name]));
}

/** The share of the expected fields (or items) that are right; what was not asked for counts as wrong. */
export function shareOfJson(found: Json | undefined, expected: Json): number {
  if (isSameJson(found, expected)) return 1;
  if (isList(found) && isList(expected)) {
    const right = expected.filter((item, index) => isSameJson(item, found[index])).length;
    return right / Math.max(expected.length, found.length);
  }
  if (!isRecord(found) || !isRecord(expected)) return 0;
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  const right = Object.keys(expected).filter(
    (name) => Object.hasOwn(found, name) && isSameJson(found[name], expected[name]),
  );
  return right.length / names.size;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
