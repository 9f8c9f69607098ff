import type { Clock } from '@signalbox/common';
import type { Dialect } from '@signalbox/gateway';
import type { Dispatcher } from 'undici';
import type { UpstreamRequest } from '../upstream/upstream-exchange';
import type { AnswerStart } from './answer-start';

export interface UpstreamCallOptions {
  readonly via: 'litellm' | 'openrouter' | 'direct';
  /** The kind of provider, where it is known: openai, groq ... Some have statuses of their own. */
  readonly provider: string | null;
  readonly routeName: string;
  /** The caller's: errors before a stream are shown in it. In a stream the route decides. */
  readonly dialect: Dialect;
  readonly isStream: boolean;
  /** The client did not ask for usage: a chunk that has nothing else is kept from it. */
  readonly hidesUsage: boolean;
  /** Until the answer is known to be good: the first data event of a stream, all of an answer in one piece. */
  readonly firstByteTimeoutMs: number;
  /** Without a further event (a comment counts: it says that somebody is alive). */
  readonly idleTimeoutMs: number;
  /** Of a stream, after its first event. */
  readonly totalTimeoutMs: number;
  readonly requestId: string;
  readonly clock: Clock;
}

export interface UpstreamCall {
  /** Rejects with the reason of `abort` if that came first, else never. */
  readonly start: Promise<AnswerStart>;
  /**
   * Ends the connection at once, so that nobody works (and is paid) for nothing. A stream that the client is reading ends with an
   * error event. A client that goes away while `relayTo` runs needs no call of this.
   */
  abort(reason: Error): void;
}

/** One request to an upstream. Never throws. */
export function startUpstreamCall(
  _dispatcher: Dispatcher,
  _request: UpstreamRequest,
  _options: UpstreamCallOptions,
): UpstreamCall {
  const start = Promise.reject<AnswerStart>(new Error('not there yet'));
  return { start, abort: () => undefined };
}
