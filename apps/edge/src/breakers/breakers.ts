import type { FailureReason } from '@signalbox/gateway';

/** `probe`: it is half open, and this call is the one that may try. */
export type BreakerVerdict = 'closed' | 'open' | 'probe';

export interface AttemptResult {
  /** null: it went well. */
  readonly failure: FailureReason | null;
  readonly retryAfterMs: number | null;
}

/** One breaker per deployment and credential, shared by all edges over Redis, local without it. */
export interface Breakers {
  verdict(name: string): BreakerVerdict;
  /** After each call that `verdict` let through, a probe above all. `abandoned`: it says nothing (the client left). */
  note(name: string, result: AttemptResult | 'abandoned'): void;
  /** How long until it may be tried again, for Retry-After; null: nothing is in the way. */
  retryAfterMs(name: string): number | null;
}

/** Whose trouble it is: a tenant's key is its own credential, so its breaker is its own too. */
export function breakerName(route: string, deploymentId: string, credentialId: string | null): string {
  return `${route}/${deploymentId}/${credentialId ?? '-'}`;
}
