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
  /** Which let nobody through just now, by their names; null: none is open. A look, which never makes a call the probe. */
  openOnes(): ((name: string) => boolean) | null;
  /** How long until it may be tried again, for Retry-After; null: nothing is in the way. */
  retryAfterMs(name: string): number | null;
}
