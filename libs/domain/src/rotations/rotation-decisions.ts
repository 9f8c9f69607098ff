import type { ProbeResult } from '@signalbox/domain/provider-drivers';

/** For how long LiteLLM's hook may still hold what the broker gave it before the switch. */
export const hookCacheMs = 35_000;
/**
 * For those who do not wait for the cache: the push reaches every hook at once, and one that cannot ask the broker then goes on
 * with the old value for at most five seconds (litellm/signalbox_litellm/credential_cache.py). They accept what a lost push would do.
 */
export const forcedHoldMs = 8_000;
/** Between the two looks at a new key: a provider's servers do not learn of it all at once. */
export const pauseBetweenProbesMs = 5_000;
/** A key that was just made may be refused for so long by servers that do not know it yet. */
export const newKeyPatienceMs = 5 * 60_000;
/** A new key that nobody could check for so long is given up. */
export const validationLimitMs = 24 * 3_600_000;

export interface ValidationSoFar {
  readonly firstValidAt: Date | null;
  readonly firstRefusedAt: Date | null;
  /** When we had it made; null: somebody gave it. */
  readonly madeAt: Date | null;
}

export type ValidationVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly detail: string }
  | {
      readonly kind: 'again';
      readonly at: Date;
      readonly firstValidAt: Date | null;
      readonly firstRefusedAt: Date | null;
    }
  | { readonly kind: 'unclear'; readonly detail: string; readonly retryAfterMs: number | null };

/**
 * Two good answers with a pause between them accept the key, two clear refusals end it. Whatever else a provider says
 * tells nothing about the key, so it is asked again.
 */
export function decideValidation(
  result: ProbeResult,
  soFar: ValidationSoFar,
  now: Date,
  pauseMs: number = pauseBetweenProbesMs,
): ValidationVerdict {
  if (isAcceptable(result)) {
    if (isPast(soFar.firstValidAt, pauseMs, now)) return { kind: 'accepted' };
    const firstValidAt = soFar.firstValidAt ?? now;
    return { kind: 'again', at: later(firstValidAt, pauseMs), firstValidAt, firstRefusedAt: null };
  }
  if (result.outcome !== 'invalid')
    return { kind: 'unclear', detail: result.detail, retryAfterMs: result.retryAfterMs };
  const isSettled = soFar.madeAt === null || isPast(soFar.madeAt, newKeyPatienceMs, now);
  if (isSettled && isPast(soFar.firstRefusedAt, pauseMs, now))
    return { kind: 'refused', detail: result.detail };
  const firstRefusedAt = soFar.firstRefusedAt ?? now;
  return { kind: 'again', at: later(now, pauseMs), firstValidAt: null, firstRefusedAt };
}

/** Where nothing can be asked at all, nothing can be waited for. */
function isAcceptable({ outcome, certainty, httpStatus }: ProbeResult): boolean {
  return outcome === 'valid' || (outcome === 'unknown' && certainty === 'none' && httpStatus === null);
}

function isPast(from: Date | null, byMs: number, now: Date): boolean {
  return from !== null && now.getTime() - from.getTime() >= byMs;
}

function later(from: Date, byMs: number): Date {
  return new Date(from.getTime() + byMs);
}

export interface OldValueInUse {
  readonly switchedAt: Date;
  /** Of the old value; null: not known to have been used. */
  readonly lastUsedAt: Date | null;
  readonly graceMs: number;
  readonly deadlineAt: Date | null;
  /** Somebody asked to retire it now. */
  readonly isForced: boolean;
  /** For how long after the switch the old value may still be handed out somewhere; nobody but `isForced` goes below it. */
  readonly heldMs: number;
}

/** When the old value may be retired, as far as is known now: each later use moves it, up to the deadline. */
export function retirementAt(old: OldValueInUse): Date {
  const switchedMs = old.switchedAt.getTime();
  if (old.isForced) return new Date(switchedMs + Math.min(forcedHoldMs, old.heldMs));
  const lastUseMs = Math.max(switchedMs, old.lastUsedAt?.getTime() ?? 0);
  const unusedMs = lastUseMs + old.graceMs;
  const dueMs = Math.min(unusedMs, old.deadlineAt?.getTime() ?? Number.POSITIVE_INFINITY);
  return new Date(Math.max(dueMs, switchedMs + old.heldMs));
}

const firstRetryMs = 2_000;
const maxRetryMs = 5 * 60_000;

/** Doubles with each attempt; what the provider asks for is respected. No chance in it: each subject has one rotation. */
export function retryDelayMs(attempts: number, retryAfterMs: number | null): number {
  const backoffMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempts, 20));
  return Math.max(backoffMs, retryAfterMs ?? 0);
}
