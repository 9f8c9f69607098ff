import type { FieldError } from '@signalbox/common';

const maxDepth = 32;
/** PostgreSQL's text cannot hold NUL, and its jsonb neither NUL nor half of a surrogate pair. */
const unstorable = /\0|\p{Surrogate}/u;
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

interface Visit {
  path: string;
  value: unknown;
  depth: number;
}

function problemOf({ value, depth }: Visit): string | null {
  if (typeof value === 'string' && unstorable.test(value)) {
    return 'must not contain NUL characters or incomplete Unicode characters';
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must be a number that a double can hold';
  if (typeof value === 'object' && value !== null && depth >= maxDepth) {
    return `must not be nested deeper than ${maxDepth} levels`;
  }
  return null;
}

function namesProblem(value: object): string | null {
  if (Array.isArray(value)) return null;
  const bad = Object.keys(value).some((name) => unstorable.test(name) || forbiddenNames.has(name));
  return bad ? 'has a field name that cannot be used' : null;
}

/**
 * Finds the first thing in a parsed JSON value that no field of ours can take, whatever its type. It walks without
 * recursion: a body of 50,000 nested brackets is valid JSON.
 */
export function findUnsafeJson(root: unknown, rootName = 'body'): FieldError | null {
  const open: Visit[] = [{ path: '', value: root, depth: 0 }];
  for (let visit = open.pop(); visit; visit = open.pop()) {
    const { value, path, depth } = visit;
    const field = path === '' ? rootName : path.slice(0, 200);
    const problem = problemOf(visit);
    if (problem) return { field, message: problem };
    if (typeof value !== 'object' || value === null) continue;
    const badName = namesProblem(value);
    if (badName) return { field, message: badName };
    for (const [name, item] of Object.entries(value)) {
      open.push({ path: path === '' ? name : `${path}.${name}`, value: item, depth: depth + 1 });
    }
  }
  return null;
}
