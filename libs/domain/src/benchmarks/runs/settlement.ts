import { scoreAnswer } from '../answers/check-answer';
import type { AnsweredCall, CallOutcome } from '../calls/call-outcome.types';
import { costOfTokens, type ModelPrices } from '../spending/model-prices';
import type { BenchmarkTask } from '../suites/task.types';
import type { Settlement } from './benchmark.types';

const excerptLength = 400;
/** PostgreSQL's text holds no NUL, and half a surrogate pair is no text. */
const unstorable = /\p{Cc}|\p{Cs}/gu;

const nothing = {
  score: null,
  firstByteMs: null,
  durationMs: null,
  promptTokens: null,
  completionTokens: null,
  failure: null,
  detail: null,
};

/** @param isAskedAgain whether the task waits for another call, if this one brought no answer */
export function settlementOf(
  outcome: CallOutcome,
  task: BenchmarkTask,
  prices: ModelPrices,
  isAskedAgain: boolean,
): Settlement {
  const { requestId } = outcome;
  if (outcome.kind === 'answered') return answered(outcome, task, prices);
  const state = isAskedAgain ? 'waiting' : 'failed';
  const { failure } = outcome;
  const mayHaveCost = outcome.kind !== 'key_refused' && outcome.mayHaveCost;
  const durationMs = outcome.kind === 'failed' ? outcome.durationMs : null;
  const costNanoUsd = mayHaveCost ? 'unknown' : 0;
  return { ...nothing, state, failure, requestId, durationMs, costNanoUsd };
}

function answered(outcome: AnsweredCall, task: BenchmarkTask, prices: ModelPrices): Settlement {
  const { answer, tokens, isAtBound, requestId, firstByteMs, durationMs } = outcome;
  const score = scoreAnswer(task.check, answer);
  const calls = answer.toolCalls.map(({ name, arguments: args }) => `${name}(${args})`);
  const said = [answer.text, ...calls].join('\n').replaceAll(unstorable, ' ').slice(0, excerptLength);
  const bound = isAtBound ? `Cut at ${task.maxTokens} tokens: ` : '';
  return {
    state: 'done',
    score,
    requestId,
    firstByteMs,
    durationMs,
    failure: null,
    promptTokens: tokens?.prompt ?? null,
    completionTokens: tokens?.answer ?? null,
    costNanoUsd: tokens ? costOfTokens(prices, tokens) : 'unknown',
    detail: score === 1 ? null : `${bound}${said}`,
  };
}
