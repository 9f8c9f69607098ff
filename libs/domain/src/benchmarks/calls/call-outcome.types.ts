import type { PricedTokens } from '@signalbox/gateway';
import type { ModelAnswer } from '../answers/check-answer';

interface Told {
  /** By which its usage event is found. */
  readonly requestId: string | null;
}

export interface AnsweredCall extends Told {
  readonly kind: 'answered';
  readonly answer: ModelAnswer;
  /** It reached its bound of tokens. */
  readonly isAtBound: boolean;
  readonly firstByteMs: number;
  readonly durationMs: number;
  /** null: the provider did not say. */
  readonly tokens: PricedTokens | null;
}

/** It says nothing about the model, and the same call may succeed later. */
export interface PostponedCall extends Told {
  readonly kind: 'postponed';
  readonly failure: string;
  readonly mayHaveCost: boolean;
  readonly retryAfterMs: number;
}

/** Port 4000 does not know the key, or not yet. */
export interface KeyRefusedCall extends Told {
  readonly kind: 'key_refused';
  readonly failure: string;
  /** The key is known, and somebody has blocked it, its workspace or its organization: no repetition changes that. */
  readonly isFinal: boolean;
}

export interface FailedCall extends Told {
  readonly kind: 'failed';
  /** Such as http_500, timeout, cut. */
  readonly failure: string;
  /** Whether the provider may have charged for it all the same. */
  readonly mayHaveCost: boolean;
  readonly durationMs: number;
}

export type CallOutcome = AnsweredCall | PostponedCall | KeyRefusedCall | FailedCall;
