import type { OutgoingHttpHeaders } from 'node:http';
import type { FailureReason } from '@signalbox/gateway';
import type { EdgeRequest } from '../request/edge-request';
import type { AnswerEnd } from './answer-end';

/**
 * What one call to an upstream (LiteLLM, OpenRouter, a provider) came to, before the client has seen a byte of it.
 * `good`: the first data event, or the whole valid body, is there. `failed`: the next candidate may be tried.
 */
export type AnswerStart = { kind: 'good'; answer: ReadyAnswer } | { kind: 'failed'; failure: AttemptFailure };

export interface AttemptFailure {
  readonly reason: FailureReason;
  /**
   * 'not_sent': no connection, so the upstream has not seen the request. 'no_answer': it was sent, and not one byte of an answer
   * came. 'answered': it answered, with an error or with something that is none.
   */
  readonly phase: 'not_sent' | 'no_answer' | 'answered';
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** What the client gets if nobody else is tried: status, headers and body in the client's dialect. */
  readonly shown: { status: number; headers: OutgoingHttpHeaders; body: object } | null;
  /** LiteLLM refused our own context, or its hook had no key: our fault, not the provider's. */
  readonly ownMark: string | null;
  /** It was more than this model takes, which another one may. Left out: no. */
  readonly isTooLong?: boolean;
  /** For the log; no secret, no body. */
  readonly detail: string;
}

/** A good answer that waits for its client. */
export interface ReadyAnswer {
  readonly status: number;
  /** A stream that has begun, and not yet said anything. LiteLLM writes such beginnings before it has heard the provider. */
  readonly isSilent?: boolean;
  /** Sends head and body with these headers added. Resolves when the answer has ended, well or not; never rejects. */
  relayTo(
    edgeRequest: EdgeRequest,
    headers: OutgoingHttpHeaders,
    more?: OutgoingHttpHeaders,
  ): Promise<AnswerEnd>;
  /** Lets go of an answer that nobody wants any more (hedging, client gone). */
  discard(): void;
}
