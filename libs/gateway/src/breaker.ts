import type { FailureReason } from './attempt-failure';

/** The decisions of one breaker: closed, open for a time, then half open with one probe. Pure: who keeps it, keeps the states. */
export type Breaker = ClosedBreaker | OpenBreaker | HalfOpenBreaker;

export interface ClosedBreaker {
  readonly kind: 'closed';
  /** The last results, newest last: 0 went well, else when it failed. */
  readonly results: readonly number[];
  readonly connectErrorsInARow: number;
}

export interface OpenBreaker {
  readonly kind: 'open';
  readonly cause: FailureReason;
  readonly openedAtMs: number;
  readonly untilMs: number;
  /** How often in a row, without a success in between: the open time grows with it. */
  readonly opens: number;
}

export interface HalfOpenBreaker {
  readonly kind: 'half_open';
  readonly cause: FailureReason;
  readonly probeSinceMs: number;
  /** Until then nobody else may probe; a probe of which nothing is heard (a dead edge) must not block for ever. */
  readonly probeUntilMs: number;
  readonly opens: number;
}

export type BreakerResult = 'success' | 'abandoned' | BreakerFailure;

export interface BreakerFailure {
  readonly reason: FailureReason;
  readonly retryAfterMs: number | null;
}

export const breakerRules = {
  connectErrorsToOpen: 2,
  /** Other failures: so many of the last results, and at least so great a part of them. */
  windowResults: 20,
  windowMs: 30_000,
  windowFailures: 5,
  windowShare: 0.5,
  probeLeaseMs: 10_000,
  longestOpenMs: 60_000,
  /** Doubled with every further opening. */
  firstOpenMs: { fault: 2_000, credential: 30_000, rateLimit: 1_000 },
  /** Part of the open time that is added at random, so that edges and tenants do not come back in step. */
  jitterShare: 0.2,
} as const;

export const closedBreaker: ClosedBreaker = { kind: 'closed', results: [], connectErrorsInARow: 0 };

type Weight = keyof typeof breakerRules.firstOpenMs | 'connect' | 'none';

/** What a failure says about the deployment and its credential. */
const weights: Record<FailureReason, Weight> = {
  connect_error: 'connect',
  no_answer: 'fault',
  first_byte_timeout: 'fault',
  timeout: 'fault',
  conflict: 'fault',
  provider_error: 'fault',
  invalid_answer: 'fault',
  error_event: 'fault',
  credential_refused: 'credential',
  payment_required: 'credential',
  rate_limited: 'rateLimit',
  // A wrong request, a wrong name, or our own side: nothing about the provider.
  client_error: 'none',
  model_unknown: 'none',
  breaker_open: 'none',
  litellm_down: 'none',
  litellm_error: 'none',
};

/** `may_probe`: its time is over; whoever begins the probe calls `beginProbe`. */
export function breakerVerdict(breaker: Breaker, nowMs: number): 'closed' | 'open' | 'may_probe' {
  if (breaker.kind === 'closed') return 'closed';
  return retryAfterOf(breaker, nowMs) === 0 ? 'may_probe' : 'open';
}

/** How long until it may be tried; 0: now. */
export function retryAfterOf(breaker: Breaker, nowMs: number): number {
  if (breaker.kind === 'closed') return 0;
  const [sinceMs, untilMs] =
    breaker.kind === 'open'
      ? [breaker.openedAtMs, breaker.untilMs]
      : [breaker.probeSinceMs, breaker.probeUntilMs];
  // Earlier than its own beginning: the clock was set back, and nobody knows how far. One probe too early harms nothing.
  return nowMs < sinceMs ? 0 : Math.max(untilMs - nowMs, 0);
}

/** @returns null if nobody may probe now */
export function beginProbe(breaker: Breaker, nowMs: number): HalfOpenBreaker | null {
  if (breaker.kind === 'closed' || breakerVerdict(breaker, nowMs) !== 'may_probe') return null;
  const { cause, opens } = breaker;
  const probeUntilMs = nowMs + breakerRules.probeLeaseMs;
  return { kind: 'half_open', cause, opens, probeSinceMs: nowMs, probeUntilMs };
}

/** @param random from 0 to 1 */
export function afterResult(
  breaker: Breaker,
  result: BreakerResult,
  nowMs: number,
  random: () => number,
): Breaker {
  if (breaker.kind === 'closed') return afterResultClosed(breaker, result, nowMs, random);
  if (breaker.kind === 'open') return afterResultOpen(breaker, result, nowMs, random);
  if (result === 'success') return closedBreaker;
  const opened = result === 'abandoned' ? null : opening(result, nowMs, breaker.opens + 1, random);
  // The probe said nothing: the next call may be one.
  return opened ?? probeLost(breaker, nowMs);
}

function afterResultClosed(
  breaker: ClosedBreaker,
  result: BreakerResult,
  nowMs: number,
  random: () => number,
): Breaker {
  if (result === 'abandoned') return breaker;
  if (result === 'success') return withSuccess(breaker);
  const weight = weights[result.reason];
  if (weight === 'none') return breaker;
  const next: ClosedBreaker = {
    kind: 'closed',
    results: [...breaker.results, nowMs].slice(-breakerRules.windowResults),
    connectErrorsInARow: weight === 'connect' ? breaker.connectErrorsInARow + 1 : 0,
  };
  const opensNow = weight === 'credential' || weight === 'rateLimit';
  const hasNoConnection = next.connectErrorsInARow >= breakerRules.connectErrorsToOpen;
  if (!opensNow && !hasNoConnection && !isWindowBad(next.results, nowMs)) return next;
  return opening(result, nowMs, 1, random) ?? next;
}

/** In steady health the same object again: a success costs nothing. */
function withSuccess(breaker: ClosedBreaker): ClosedBreaker {
  const { results, connectErrorsInARow } = breaker;
  const isFull = results.length === breakerRules.windowResults;
  if (isFull && connectErrorsInARow === 0 && results.every((one) => one === 0)) return breaker;
  return {
    kind: 'closed',
    results: [...results, 0].slice(-breakerRules.windowResults),
    connectErrorsInARow: 0,
  };
}

function isWindowBad(results: readonly number[], nowMs: number): boolean {
  const { windowMs, windowFailures, windowShare } = breakerRules;
  // The distance, for the clock may have been set back.
  const failures = results.filter((one) => one !== 0 && Math.abs(nowMs - one) <= windowMs).length;
  return failures >= windowFailures && failures >= results.length * windowShare;
}

/**
 * What began before it opened and ends now. A success says nothing about the time since; but a provider that names a later time,
 * or refuses the key, is believed.
 */
function afterResultOpen(
  breaker: OpenBreaker,
  result: BreakerResult,
  nowMs: number,
  random: () => number,
): OpenBreaker {
  if (typeof result === 'string') return breaker;
  const weight = weights[result.reason];
  const isNamed = weight === 'rateLimit' && result.retryAfterMs !== null;
  if (weight !== 'credential' && !isNamed) return breaker;
  const longer = opening(result, nowMs, breaker.opens, random);
  return longer && longer.untilMs > breaker.untilMs ? longer : breaker;
}

function opening(
  { reason, retryAfterMs }: BreakerFailure,
  nowMs: number,
  opens: number,
  random: () => number,
): OpenBreaker | null {
  const weight = weights[reason];
  if (weight === 'none') return null;
  const { firstOpenMs, longestOpenMs, jitterShare } = breakerRules;
  const firstMs = firstOpenMs[weight === 'connect' ? 'fault' : weight];
  const grownMs = Math.min(firstMs * 2 ** Math.min(opens - 1, 16), longestOpenMs);
  // Whoever says when, knows better than any rule of ours; but not for longer than we can bear to be wrong.
  const saidMs = weight === 'rateLimit' && retryAfterMs !== null && retryAfterMs > 0 ? retryAfterMs : grownMs;
  const openMs = Math.min(saidMs * (1 + jitterShare * random()), longestOpenMs);
  return { kind: 'open', cause: reason, openedAtMs: nowMs, untilMs: nowMs + openMs, opens };
}

/** What another edge says of the same breaker. */
export type BreakerHint =
  | {
      readonly state: 'open';
      readonly cause: FailureReason;
      readonly untilMs: number;
      readonly opens: number;
    }
  | { readonly state: 'closed' };

/** Only the end is taken from the other edge's clock, and no open time is longer than our own rules allow. */
export function takeHint(breaker: Breaker, hint: BreakerHint, nowMs: number): Breaker {
  if (hint.state === 'closed') return breaker.kind === 'closed' ? breaker : closedBreaker;
  const untilMs = Math.min(hint.untilMs, nowMs + breakerRules.longestOpenMs);
  const knownUntilMs = breaker.kind === 'open' && nowMs >= breaker.openedAtMs ? breaker.untilMs : nowMs;
  if (untilMs <= knownUntilMs) return breaker;
  const opens = Math.max(hint.opens, breaker.kind === 'closed' ? 1 : breaker.opens);
  return { kind: 'open', cause: hint.cause, openedAtMs: nowMs, untilMs, opens };
}

function probeLost({ cause, opens }: HalfOpenBreaker, nowMs: number): OpenBreaker {
  return { kind: 'open', cause, opens, openedAtMs: nowMs, untilMs: nowMs };
}
