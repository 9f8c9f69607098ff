import type { AnswerCheck } from '../suites/task.types';
import { bareAnswer, comparable, linesOf } from './answer-text';
import { findJson, isSameJson, shareOfJson } from './json-answer';
import { isNumberAnswer } from './number-answer';
import { keepsRule } from './text-rules';

export interface ToolCall {
  readonly name: string;
  /** As the model wrote them: a JSON text, if it is one. */
  readonly arguments: string;
}

export interface ModelAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

/** @returns from 0 (wrong) to 1 (right); the same answer always has the same score */
export function scoreAnswer(check: AnswerCheck, { text, toolCalls }: ModelAnswer): number {
  const answer = bareAnswer(text);
  switch (check.kind) {
    case 'number':
      return Number(isNumberAnswer(answer, check.value));
    case 'text':
      return Number(isAccepted(answer, check.accepted));
    case 'output':
      return Number(isSameOutput(answer, check.value));
    case 'choice':
      return Number(isOnlyChoice(answer, check.options, check.value));
    case 'json':
      return shareOfJson(findJson(answer), check.value);
    case 'contains':
      return Number(check.all.every((part) => comparable(answer).includes(comparable(part))));
    case 'rules':
      return check.rules.filter((rule) => keepsRule(answer, rule)).length / check.rules.length;
    case 'tool':
      return scoreOfToolCall(check, toolCalls);
    case 'no_tool':
      return Number(toolCalls.length === 0 && isAccepted(answer, check.accepted));
  }
}

/** The whole answer, or its last line where the model explains first. */
function isAccepted(answer: string, accepted: readonly string[]): boolean {
  const said = new Set([answer, linesOf(answer).at(-1) ?? ''].map(comparable));
  return accepted.some((one) => said.has(comparable(one)));
}

function isSameOutput(answer: string, expected: string): boolean {
  const printed = linesOf(answer).map((line) => line.trim());
  return printed.join('\n').trim() === expected;
}

function isOnlyChoice(answer: string, options: readonly string[], value: string): boolean {
  const words = new Set(comparable(answer).split(/[^\p{L}\p{N}_-]+/u));
  const named = options.filter((option) => words.has(comparable(option)));
  return named.length === 1 && named[0] === value;
}

function scoreOfToolCall(check: AnswerCheck & { kind: 'tool' }, toolCalls: readonly ToolCall[]): number {
  const [call] = toolCalls;
  if (!call || toolCalls.length > 1 || call.name !== check.name) return 0;
  return isSameJson(findJson(call.arguments), check.arguments) ? 1 : 0.5;
}
