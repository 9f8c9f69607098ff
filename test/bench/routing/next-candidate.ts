import { createLogger, systemClock } from '@signalbox/common';
import { chooseRoute, type FailureReason, type RouteChoiceInput } from '@signalbox/gateway';
import type { AnswerStart } from '../../../apps/edge/src/answer/answer-start';
import type { BreakerBoard } from '../../../apps/edge/src/breakers/breaker-board';
import { SharedBreakers } from '../../../apps/edge/src/breakers/shared-breakers';
import { noMetrics } from '../../../apps/edge/src/metrics/edge-metrics';
import { AttemptQueue } from '../../../apps/edge/src/routing/attempt-queue';
import {
  type AttemptSender,
  type BegunAttempt,
  type RequestCall,
  RunningAttempt,
} from '../../../apps/edge/src/routing/attempt-sender';
import { FailoverRun } from '../../../apps/edge/src/routing/failover-run';
import { percentile, type Row } from '../../support/e2e/figures';
import { aChoice } from '../../support/route-world';
import { openProcessorWait } from './processor-wait';

/** Moving on after a failure, in our own time. */
const goalMs = 5;
const attempts = 5;
const failureReason: FailureReason = 'provider_error';
const kinds = ['openai', 'anthropic', 'groq', 'ollama'];

const failed = { kind: 'failed', failure: { reason: failureReason, phase: 'answered', status: 500 } };

/** A board that nobody reads: the breakers of this edge alone. */
const silentBoard = {
  start: () => undefined,
  close: () => undefined,
  tell: () => undefined,
  acquireLease: () => Promise.resolve(true),
  extendLease: () => undefined,
  releaseLease: () => undefined,
} as unknown as BreakerBoard;

function inputOf(count: number): RouteChoiceInput {
  const models = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `model-${index}`,
      { kinds: [kinds[index % kinds.length]!], usdPerMillion: (index % 90) / 100 },
    ]),
  );
  return aChoice('eco', { models });
}

interface Moves {
  readonly tookMs: number[];
  readonly ownMs: number[];
}

const waitUs = openProcessorWait();

/** One request whose candidates all fail: from each failure to the call of the next one. */
async function request(input: RouteChoiceInput, round: number, moves: Moves): Promise<void> {
  const clock = systemClock;
  const logger = createLogger('error', {}, () => undefined);
  const dependencies = { board: silentBoard, clock, random: Math.random, metrics: noMetrics, logger };
  const breakers = new SharedBreakers(dependencies);
  const { plan } = chooseRoute({ ...input, draw: (round % 1_000) / 1_000 });
  const targetsOf = (): Promise<[]> => Promise.resolve([]);
  const isNever = (): boolean => false;
  const queue = new AttemptQueue({
    plan,
    breakers,
    targetsOf,
    isLitellmDown: isNever,
    takesDetour: isNever,
  });
  let failedAtMs: number | null = null;
  let waitedUs = 0;
  const begin = (_call: RequestCall, begun: BegunAttempt): RunningAttempt => {
    if (failedAtMs !== null) {
      const tookMs = performance.now() - failedAtMs;
      moves.tookMs.push(tookMs);
      moves.ownMs.push(Math.max(0, tookMs - ((waitUs?.() ?? 0) - waitedUs) / 1_000));
    }
    return new RunningAttempt(begun, clock.nowMs(), async () => {
      // As an answer comes: in a turn of the event loop of its own.
      await new Promise((resolve) => setImmediate(resolve));
      waitedUs = waitUs?.() ?? 0;
      failedAtMs = performance.now();
      return failed as unknown as AnswerStart;
    });
  };
  const call = { times: { deadlineMs: clock.nowMs() + 60_000, isStream: true } } as unknown as RequestCall;
  const parts = { sender: { begin } as unknown as AttemptSender, breakers, clock };
  const notes = {
    note: () => undefined,
    noteFirstToken: () => undefined,
    noteCut: () => undefined,
    notePrompt: () => undefined,
  };
  const policy = { ...input.policy, attempt_limit: attempts };
  await new FailoverRun({ ...parts, performance: notes }, call, queue, policy).find();
}

async function rowOf(count: number, rounds: number): Promise<Row> {
  const input = inputOf(count);
  const moves: Moves = { tookMs: [], ownMs: [] };
  for (let round = 0; round < 100; round += 1) await request(input, round, { tookMs: [], ownMs: [] });
  for (let round = 0; round < rounds; round += 1) await request(input, round, moves);
  const rounded = (values: readonly number[], share: number): number =>
    Math.round(percentile(values, share) * 1_000) / 1_000;
  const p99 = rounded(moves.tookMs, 0.99);
  return {
    operation: `from a failure to the next call, among ${count} candidates`,
    count: moves.tookMs.length,
    p50_ms: rounded(moves.tookMs, 0.5),
    p99_ms: p99,
    max_ms: rounded(moves.tookMs, 1),
    own_p99_ms: waitUs ? rounded(moves.ownMs, 0.99) : null,
    goal_p99_ms: goalMs,
    reached: p99 < goalMs,
  };
}

/** `npm run bench -- routing`: what the edge itself needs to go on, with its real queue and breakers and without a network. */
export async function nextCandidateRows(rounds = 2_000): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [20, 100, 500]) rows.push(await rowOf(count, rounds));
  return rows;
}
