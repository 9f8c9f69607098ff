import { seededRandom } from '../../stand-ins/openrouter-catalogue.models';
import {
  type DayDeployment,
  dayDeployments,
  failureKinds,
  type FailureKind,
  minutesOfDay,
  statesOf,
  type TrueState,
} from './day-deployments';

export const minuteMs = 60_000;
/** One attempt may take so long until its first byte: for every strategy. */
export const firstByteTimeoutMs = 10_000;
/** Attempts at one request: for every strategy. */
export const attemptLimit = 4;
/** What a 429 says. */
export const retryAfterMs = 5_000;

export interface DayRequest {
  readonly index: number;
  readonly atMs: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
}

export type Outcome =
  { readonly firstByteMs: number } | { readonly failure: FailureKind; readonly afterMs: number };

const triesKept = attemptLimit;
const kindStep = 1_000_000;
const spread = 0.35;
const failedAfterMs: Readonly<Record<FailureKind, number>> = {
  connect: 40,
  server: 350,
  rate: 120,
  hang: firstByteTimeoutMs,
};

/**
 * A day: requests, what is true of each deployment at each minute, and what comes of each possible attempt. The outcomes are drawn
 * beforehand, so that all strategies, in whatever language, have the same luck with the same choice. An attempt's outcome is that of
 * the minute in which its request came: a few seconds of retries change nothing.
 */
export class Day {
  private constructor(
    readonly deployments: readonly DayDeployment[],
    readonly states: readonly (readonly TrueState[])[],
    readonly requests: readonly DayRequest[],
    /** [request][deployment][try]: the first byte in ms; below 0: a failure. */
    readonly outcomes: Int32Array,
  ) {}

  static make(seed: number, count: number): Day {
    const random = seededRandom(seed);
    const states = dayDeployments.map((deployment) => statesOf(deployment, random));
    const requests = requestsOf(count, random);
    const outcomes = new Int32Array(count * dayDeployments.length * triesKept);
    let place = 0;
    for (const { atMs } of requests)
      for (const ofDeployment of states) {
        const state = ofDeployment[minuteOf(atMs)]!;
        for (let attempt = 0; attempt < triesKept; attempt += 1) outcomes[place++] = drawn(state, random);
      }
    return new Day(dayDeployments, states, requests, outcomes);
  }

  stateOf(deployment: number, atMs: number): TrueState {
    return this.states[deployment]![minuteOf(atMs)]!;
  }

  /** @param attempt at this deployment, from 0 */
  outcomeOf(request: number, deployment: number, attempt: number): Outcome {
    const place =
      (request * this.deployments.length + deployment) * triesKept + Math.min(attempt, triesKept - 1);
    const value = this.outcomes[place]!;
    if (value >= 0) return { firstByteMs: value };
    const kind = Math.floor(-value / kindStep);
    return { failure: failureKinds[kind - 1]!, afterMs: -value - kind * kindStep };
  }
}

function minuteOf(atMs: number): number {
  return Math.min(minutesOfDay - 1, Math.max(0, Math.floor(atMs / minuteMs)));
}

function drawn(state: TrueState, random: () => number): number {
  const hasFailed = random() < state.failureShare;
  const firstByteMs = Math.round(state.medianMs * Math.exp(spread * normal(random)));
  const failure = hasFailed ? state.failure : firstByteMs > firstByteTimeoutMs ? 'hang' : null;
  if (failure === null) return Math.max(1, firstByteMs);
  return -((failureKinds.indexOf(failure) + 1) * kindStep + failedAfterMs[failure]);
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** More in the office hours than at night. */
function requestsOf(count: number, random: () => number): DayRequest[] {
  const loads = Array.from({ length: minutesOfDay }, (_, minute) => loadAt(minute / 60));
  const sum = loads.reduce((total, load) => total + load, 0);
  const times: number[] = [];
  let owed = 0;
  for (const [minute, load] of loads.entries()) {
    owed += (load / sum) * count;
    for (; times.length < Math.round(owed);) times.push(Math.floor((minute + random()) * minuteMs));
  }
  return times
    .sort((left, right) => left - right)
    .map((atMs, index) => ({
      index,
      atMs,
      promptTokens: Math.ceil(700 * Math.exp(normal(random))),
      answerTokens: Math.ceil(250 * Math.exp(0.8 * normal(random))),
    }));
}

function loadAt(hour: number): number {
  return 0.3 + Math.exp(-(((hour - 11) / 3) ** 2)) + 0.8 * Math.exp(-(((hour - 16) / 3) ** 2));
}

export function expectedFailureMs(failure: FailureKind): number {
  return failedAfterMs[failure];
}

/** The mean of the times that are drawn. */
export function meanFirstByteMs({ medianMs }: TrueState): number {
  return Math.min(medianMs * Math.exp(spread ** 2 / 2), firstByteTimeoutMs);
}
