import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CallDispatcher } from '../upstream/litellm-connection.attempt';
import type { UpstreamRequest } from '../upstream/upstream-exchange';
import { answerKind } from './answer-kind';
import type { AnswerStart, AttemptFailure, ReadyAnswer } from './answer-start';
import type { AnswerBody, CallControl } from './call-control';
import type { UpstreamCallOptions } from './call-options';
import { ErrorAnswer } from './error-answer';
import { brokenConnection, invalidAnswer, tooSlow } from './failures';
import { BytePassage } from './passage';
import { StreamAnswer } from './stream-answer';
import { streamShapeOf } from './stream-shape';
import { StreamWatch } from './stream-watch';
import { WholeAnswer } from './whole-answer';

export interface UpstreamCall {
  /** Rejects with the reason of `abort` if that came first, else never. */
  readonly start: Promise<AnswerStart>;
  /**
   * Ends the connection at once, so that nobody works (and is paid) for nothing. A stream that the client is reading ends with an
   * error event. A client that goes away while `relayTo` runs needs no call of this.
   */
  abort(reason: Error): void;
}

/** One request to an upstream, and what it came to. Never throws. */
export function startUpstreamCall(
  dispatcher: CallDispatcher,
  request: UpstreamRequest,
  options: UpstreamCallOptions,
): UpstreamCall {
  return new RunningCall(dispatcher, request, options);
}

/** On undici's lowest level: nothing is buffered or copied on the way through that need not be. */
class RunningCall implements UpstreamCall, CallControl, Dispatcher.DispatchHandler {
  readonly start: Promise<AnswerStart>;
  status = 0;
  headers: IncomingHttpHeaders = {};
  private accept: (start: AnswerStart) => void = () => undefined;
  private reject: (reason: Error) => void = () => undefined;
  private controller: Dispatcher.DispatchController | null = null;
  private abortReason: Error | null = null;
  private phase: AttemptFailure['phase'] = 'not_sent';
  private body: AnswerBody | null = null;
  private isSettled = false;
  private hasEnded = false;
  private readonly startTimer: NodeJS.Timeout;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(
    dispatcher: CallDispatcher,
    request: UpstreamRequest,
    readonly options: UpstreamCallOptions,
  ) {
    this.start = new Promise((resolve, reject) => {
      this.accept = resolve;
      this.reject = reject;
    });
    // Whoever aborts may have stopped waiting.
    this.start.catch(() => undefined);
    this.startTimer = setTimeout(
      () => this.timeOut(`no answer within ${options.firstByteTimeoutMs} ms`),
      options.firstByteTimeoutMs,
    );
    const { method, path, headers, body } = request;
    try {
      // The limits of time are kept here, to the millisecond; undici's are coarse.
      dispatcher.dispatch({ method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, this);
    } catch (error) {
      this.onBroken(error as Error);
    }
  }

  get saysCost(): boolean {
    return this.options.via === 'openrouter' || this.options.provider === 'openrouter';
  }

  abort(reason: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.abortReason = reason;
    if (!this.isSettled) {
      this.settle();
      this.reject(reason);
    }
    this.body?.fail(reason, 'abort');
    this.controller?.abort(reason);
  }

  good(answer: ReadyAnswer): void {
    if (this.isSettled) return;
    this.settle();
    this.accept({ kind: 'good', answer });
  }

  failed(failure: AttemptFailure): void {
    if (this.isSettled) return;
    this.settle();
    this.accept({ kind: 'failed', failure });
    this.abort(new Error(failure.detail));
  }

  pause(): void {
    if (!this.hasEnded) this.controller?.pause();
  }

  resume(): void {
    if (!this.hasEnded && this.controller?.paused) this.controller.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.abortReason) return controller.abort(this.abortReason);
    this.phase = 'no_answer';
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200 || this.hasEnded) return;
    this.phase = 'answered';
    this.status = status;
    this.headers = headers;
    this.body = this.chooseBody();
    if (!this.body) return this.failed(invalidAnswer(this.options, this.wrongAnswer()));
    const { idleTimeoutMs } = this.options;
    this.idleTimer = setTimeout(() => this.timeOut(`nothing for ${idleTimeoutMs} ms`), idleTimeoutMs);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.hasEnded) return;
    this.body?.push(chunk);
    if (!this.isSettled) this.idleTimer?.refresh();
  }

  onResponseEnd(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.onBroken(error);
  }

  private onBroken(error: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.body?.fail(error, 'connection');
    this.failed(brokenConnection(this.options, this.phase, error));
  }

  /** Before the answer is good; a stream that is being relayed has limits of its own. */
  private timeOut(detail: string): void {
    if (this.isSettled) return;
    // An error whose body does not come is an error all the same.
    if (this.status >= 400) this.body?.fail(new Error(detail), 'time');
    this.failed(tooSlow(this.options, this.phase, detail));
  }

  private settle(): void {
    this.isSettled = true;
    clearTimeout(this.startTimer);
    clearTimeout(this.idleTimer);
  }

  private chooseBody(): AnswerBody | null {
    if (this.status >= 400) return new ErrorAnswer(this);
    if (this.status >= 300) return null;
    const kind = answerKind(this.options, this.headers);
    if (kind === 'wrong') return null;
    if (kind === 'bytes') return new StreamAnswer(this, new BytePassage());
    if (kind !== 'events') return new WholeAnswer(this, kind);
    const { routeName, hidesUsage } = this.options;
    const watched = { shape: streamShapeOf(routeName), routeName, hidesUsage, saysCost: this.saysCost };
    return new StreamAnswer(this, new StreamWatch(watched));
  }

  private wrongAnswer(): string {
    const type = /^[\w/+.-]{1,64}/.exec(this.headers['content-type'] ?? '')?.[0] ?? 'without a content-type';
    return `status ${this.status}, ${type}: not what was asked for`;
  }
}
