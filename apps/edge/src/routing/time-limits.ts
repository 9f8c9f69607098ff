import type { IncomingHttpHeaders } from 'node:http';
import type { RoutingPolicy } from '@signalbox/gateway';

export interface TimeLimits {
  /** Until then the first byte must have come, of whatever attempt. */
  readonly deadlineMs: number;
  readonly isStream: boolean;
  /** What one attempt at a stream may take; one at an answer in one piece has at least as much. */
  readonly firstByteMs: number;
  /** How long a stream that has begun may be silent. */
  readonly idleMs: number;
  /** An attempt that has less says nothing about the provider: it is the client that is in a hurry. 0: it is not. */
  readonly fairMs: number;
  /** The same for a key that other tenants use too: no tenant's policy may close a provider for them. */
  readonly sharedFairMs: number;
}

/** An attempt that has less time than this cannot succeed, but would cost. */
export const leastAttemptMs = 50;
const longestMarginMs = 2_000;
/** Whoever has not begun a stream by then has failed, however little time the client gives it. */
const longSilenceMs = 10_000;

/** Seconds, as OpenAI's and Anthropic's SDKs send them: Node's the first, Python's the second (facts of their sources). */
const clientTimeoutHeaders = ['x-stainless-timeout', 'x-stainless-read-timeout'] as const;

/** How long the client waits, less what an error needs to reach it in time; null: it does not say. */
export function clientPatienceMs(headers: IncomingHttpHeaders): number | null {
  let patienceMs: number | null = null;
  for (const name of clientTimeoutHeaders) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    const ms = Number(value) * 1_000;
    if (ms > 0 && (patienceMs === null || ms < patienceMs)) patienceMs = ms;
  }
  if (patienceMs === null || !Number.isFinite(patienceMs)) return null;
  return patienceMs - Math.min(patienceMs / 20, longestMarginMs);
}

export interface RequestTimes {
  /** When the client's clock began to run. */
  readonly startedAtMs: number;
  /** When the request was there, complete. */
  readonly nowMs: number;
  /** By the platform's rules alone. */
  readonly platformFirstByteMs: number;
}

export function timeLimitsOf(
  policy: RoutingPolicy,
  isStream: boolean,
  headers: IncomingHttpHeaders,
  { startedAtMs, nowMs, platformFirstByteMs }: RequestTimes,
): TimeLimits {
  const policyEndMs = nowMs + policy.total_timeout_ms;
  const patienceMs = clientPatienceMs(headers);
  const clientEndMs = patienceMs === null ? Number.POSITIVE_INFINITY : startedAtMs + patienceMs;
  const { first_byte_timeout_ms: firstByteMs } = policy;
  // An answer in one piece may take long for a good reason.
  const fairOf = (limitMs: number): number => (isStream ? Math.min(limitMs, longSilenceMs) : limitMs);
  return {
    deadlineMs: Math.min(policyEndMs, clientEndMs),
    isStream,
    firstByteMs,
    fairMs: clientEndMs < policyEndMs ? fairOf(firstByteMs) : 0,
    sharedFairMs: fairOf(platformFirstByteMs),
    // A model that thinks may have begun its stream long before; whoever waits longer for it says so in the policy.
    idleMs: policy.total_timeout_ms,
  };
}

/**
 * How long an attempt that begins now may take until its first byte. A provider sends nothing of an answer in one piece before all
 * of it is there, so such an attempt may take long; but it leaves half of the time to those who come after it.
 */
export function attemptTimeoutMs(
  { deadlineMs, isStream, firstByteMs }: TimeLimits,
  nowMs: number,
  isLast: boolean,
): number {
  const leftMs = Math.max(deadlineMs - nowMs, 0);
  if (isStream) return Math.min(leftMs, firstByteMs);
  return isLast ? leftMs : Math.min(leftMs, Math.max(leftMs / 2, firstByteMs));
}
