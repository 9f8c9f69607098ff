import type { TokenUsage } from '@signalbox/gateway';

export type BrokenBy = 'error' | 'cut' | 'connection' | 'time' | 'abort';

export interface AnswerEnd {
  /** The client has all of it. */
  readonly complete: boolean;
  readonly usage: TokenUsage | null;
  /** The model's name as the upstream put it into the answer. */
  readonly upstreamModel: string | null;
  readonly bytesOut: number;
  readonly firstByteAtMs: number | null;
  /** Of a stream: when its first event came that says something. null, or left out: none has, or nobody can say. */
  readonly firstTokenAtMs?: number | null;
  readonly clientGone: boolean;
  /** Why it broke off; null: it did not. */
  readonly problem: string | null;
  /**
   * How it broke off. `error`: the upstream said so; `cut`: it ended without the last event; `connection`: that broke (behind LiteLLM
   * it is LiteLLM that has gone, and no provider is to blame); `time`: a limit of ours; `abort`: we did not want it any more.
   */
  readonly brokenBy?: BrokenBy | null;
}
