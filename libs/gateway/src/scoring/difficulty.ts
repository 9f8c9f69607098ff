import { isRecord } from '@signalbox/common';
import type { Estimated } from '../limit-estimate';
import type { PowerLevel } from '../routing-policy';
import type { RequestNeeds } from './scoring.types';

export const difficulties = ['easy', 'medium', 'hard'] as const;
export type Difficulty = (typeof difficulties)[number];

export const levelByDifficulty: Readonly<Record<Difficulty, PowerLevel>> = {
  easy: 'eco',
  medium: 'balanced',
  hard: 'precision',
};

export interface DifficultyVerdict {
  readonly difficulty: Difficulty;
  /** false: the rules say little about this request; a model would know better. */
  readonly isSure: boolean;
  /** Which rules spoke, such as `math`: words of ours, and nothing of the request. */
  readonly reasons: readonly string[];
}

type Fields = Estimated['fields'];

/** Of long texts the beginning and the end are read: the task is in one of them, and no request waits for the rest. */
const headChars = 4_000;
const tailChars = 2_000;
const deepestParts = 2;
const shortChars = 400;
const shortTokens = 1_000;
const longTokens = 4_000;
const veryLongTokens = 20_000;
const manyTools = 8;
const hardFrom = 3;

const code =
  /```|\b(?:function|def|func|fn)\s+\w+\s*\(|\bclass\s+\w+\s*[({:]|\b(?:const|let|var)\s+\w+\s*=|\bSELECT\b.{1,200}\bFROM\b|#include\b|\bTraceback\b|\w(?:Exception|Error):/s;
const codeWork =
  /\b(?:debug|refactor|implement|unit tests?|race condition|deadlock|regex|algorithm|compile|segfault|implementiere|implementar|implémente)\b/i;
const math =
  /[∫∑∏√∂∇≤≥≠∈∀∃]|\\(?:frac|int|sum|sqrt|begin)\b|\b(?:prove|proof|theorem|integral|derivative|differential equation|eigenvalues?|probability|beweise|ableitung|demuestra|démontre)\b/i;
const reasoning =
  /\b(?:step by step|analy[sz]e|compare|evaluate|trade-?offs?|architecture|strategy|contract|diagnos(?:e|is)|root cause|pros and cons|schritt für schritt|analysiere|vergleiche|begründe|analiza|compara|compare[sz]?)\b/i;
const simple =
  /^\W*(?:hi|hello|hey|thanks|thank you|hallo|danke|hola|gracias|bonjour|merci)\b|\b(?:translate|spell|summari[sz]e|rephrase|classify|yes or no|übersetze|fasse zusammen|traduce|resume|traduis|résume)\b/i;
const letter = /\p{L}/gu;
/** Small models have seen much less of these. */
const otherScript = /(?!\p{Script=Latin})\p{L}/gu;

interface Rule {
  readonly name: string;
  readonly points: number;
  readonly holds: (request: Request) => boolean;
}

interface Request {
  readonly text: string;
  readonly tools: number;
  readonly needs: RequestNeeds;
}

const rules: readonly Rule[] = [
  { name: 'long', points: 1, holds: ({ needs }) => needs.promptTokens >= longTokens },
  { name: 'very_long', points: 1, holds: ({ needs }) => needs.promptTokens >= veryLongTokens },
  { name: 'code', points: 1, holds: ({ text }) => code.test(text) },
  { name: 'code_work', points: 1, holds: ({ text }) => codeWork.test(text) },
  { name: 'math', points: 2, holds: ({ text }) => math.test(text) },
  { name: 'reasoning', points: 1, holds: ({ text }) => reasoning.test(text) },
  { name: 'tools', points: 1, holds: ({ tools }) => tools > 0 },
  { name: 'many_tools', points: 1, holds: ({ tools }) => tools > manyTools },
  { name: 'language', points: 1, holds: ({ text }) => isMostlyOtherScript(text) },
  { name: 'simple_task', points: -1, holds: ({ text }) => text.length <= shortChars && simple.test(text) },
];

function isMostlyOtherScript(text: string): boolean {
  const letters = text.match(letter)?.length ?? 0;
  const others = text.match(otherScript)?.length ?? 0;
  return others * 2 > letters;
}

function textOf(value: unknown, depth = deepestParts): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && depth > 0)
    return (value as readonly unknown[]).map((part) => textOf(part, depth - 1)).join('\n');
  if (isRecord(value)) return typeof value['text'] === 'string' ? value['text'] : '';
  return '';
}

/** Anthropic's dialect sends what a tool has found as a message of the user: there the task stands further up. */
function lastOfUser(items: readonly unknown[]): string | undefined {
  let text: string | undefined;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (!isRecord(item) || item['role'] !== 'user') continue;
    text = textOf(item['content']);
    if (text.trim() !== '') return text;
  }
  return text;
}

/** What the user said last: what the system prompt says is the same for easy and for hard requests. */
export function taskOf({ messages, input, prompt }: Fields): string {
  const items: unknown = messages ?? input;
  const text = (Array.isArray(items) ? lastOfUser(items) : undefined) ?? textOf(items ?? prompt);
  return text.length <= headChars + tailChars
    ? text
    : `${text.slice(0, headChars)}\n${text.slice(-tailChars)}`;
}

function toolsOf({ tools, functions }: Fields): number {
  return [tools, functions].reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
}

function difficultyBy(points: number): Difficulty {
  if (points >= hardFrom) return 'hard';
  return points > 0 ? 'medium' : 'easy';
}

/** How hard a request looks, by rules: its length, code, mathematics, tools, language. */
export function difficultyOf(fields: Fields, needs: RequestNeeds): DifficultyVerdict {
  const request: Request = { text: taskOf(fields), tools: toolsOf(fields), needs };
  const speaking = rules.filter(({ holds }) => holds(request));
  const points = speaking.reduce((sum, rule) => sum + rule.points, 0);
  const isShort = request.text.length <= shortChars && needs.promptTokens <= shortTokens;
  return {
    difficulty: difficultyBy(points),
    isSure: points >= hardFrom || (points <= 0 && isShort),
    reasons: speaking.map(({ name }) => name),
  };
}
