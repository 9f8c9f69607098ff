import type { Clock } from '@signalbox/common';
import type { Dialect } from '@signalbox/gateway';

export type UpstreamVia = 'litellm' | 'openrouter' | 'direct';

export interface UpstreamCallOptions {
  readonly via: UpstreamVia;
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
