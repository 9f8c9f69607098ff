import type { IncomingHttpHeaders } from 'node:http';
import type { BrokenBy } from './answer-end';
import type { AttemptFailure, ReadyAnswer } from './answer-start';
import type { UpstreamCallOptions } from './call-options';

/** A body while it arrives. */
export interface AnswerBody {
  push(chunk: Buffer): void;
  /** The connection says that this was all. */
  end(): void;
  /** The connection broke, it took too long, or nobody wants it any more. */
  fail(error: Error, cause: Extract<BrokenBy, 'connection' | 'time' | 'abort'>): void;
}

/** What a body may do with the call that it belongs to. */
export interface CallControl {
  readonly options: UpstreamCallOptions;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `cost` in the usage is what is charged. */
  readonly saysCost: boolean;
  /** Only the first word of the two counts. A failed answer is not read any further. */
  good(answer: ReadyAnswer): void;
  failed(failure: AttemptFailure): void;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}
