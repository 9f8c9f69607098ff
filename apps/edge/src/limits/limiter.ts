import type { OutgoingHttpHeaders } from 'node:http';
import type { Dialect, ServiceDocument } from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';

export interface LimitedCall {
  readonly requestId: string;
  readonly caller: Caller;
  readonly service: ServiceDocument | null;
  /** The worst case that is reserved: prompt and largest answer. */
  readonly estimatedTokens: number;
  /** Anthropic's clients get Anthropic's headers too. */
  readonly dialect?: Dialect;
}

/** A request that was let in. */
export interface Admission {
  /** x-ratelimit-*, for the answer. */
  readonly headers: OutgoingHttpHeaders;
  /** Once, at the end: what it really used (null: nothing is known, the estimate stays). Never throws. */
  settle(tokens: number | null): void;
}

/** Step 4. Throws a Refusal (429) with Retry-After and x-ratelimit-* where a limit is reached. */
export interface Limiter {
  admit(call: LimitedCall): Admission | Promise<Admission>;
}

/** Where nothing is limited. */
export const unlimitedAdmission: Admission = { headers: {}, settle: () => undefined };
