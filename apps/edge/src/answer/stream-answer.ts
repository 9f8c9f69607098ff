import type { OutgoingHttpHeaders } from 'node:http';
import { streamErrorEvent, type TokenUsage } from '@signalbox/gateway';
import type { EdgeRequest } from '../request/edge-request';
import { ClientGone } from '../request/refusal';
import { answerHeaders } from './answer-headers';
import type { AnswerEnd, BrokenBy } from './answer-end';
import type { ReadyAnswer } from './answer-start';
import type { AnswerBody, CallControl } from './call-control';
import { ClientWriter } from './client-writer';
import { answeredError, invalidAnswer, streamError } from './failures';
import type { Passage } from './passage';

/** What an answer may hold back before its first data: comments, and events that say nothing yet. */
const maxHeldBytes = 1024 * 1024;
/** A ready answer that waits for its client is read this far. */
const readAheadBytes = 256 * 1024;
/**
 * How long an answer that has begun without saying anything is held back for an error that may follow at once. The client
 * loses nothing by it: there is nothing to show yet.
 */
const preambleHoldMs = 300;
/** After the last event of a stream its connection ends; if not, it is ended. */
const lingerMs = 1_000;

type State = 'starting' | 'held' | 'relaying' | 'done';

/** An answer that is passed on while it arrives, from its first data event on. */
export class StreamAnswer implements AnswerBody, ReadyAnswer {
  isSilent = false;
  private state: State = 'starting';
  private firstTokenAtMs: number | null = null;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private upstreamHasEnded = false;
  private broken: { error: Error; cause: BrokenBy } | null = null;
  private problem: string | null = null;
  private writer: ClientWriter | null = null;
  private preambleTimer: NodeJS.Timeout | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private totalTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly control: CallControl,
    private readonly passage: Passage,
  ) {}

  get status(): number {
    return this.control.status;
  }

  push(chunk: Buffer): void {
    if (this.state === 'done') return;
    const passed = this.take(chunk);
    if (this.state !== 'relaying') return this.hold(passed);
    if (passed.length > 0) this.idleTimer?.refresh();
    for (const piece of passed) this.writer?.write(piece);
    if (this.passage.isOver) this.finish();
  }

  end(): void {
    this.upstreamHasEnded = true;
    if (this.state === 'done') return;
    const rest = this.passage.flush();
    if (this.state !== 'relaying') {
      this.hold(rest);
      if (this.state === 'starting') this.refuse('the stream ended before its first data');
      return;
    }
    // Of a torn event nothing is passed on.
    if (this.passage.isComplete) for (const piece of rest) this.writer?.write(piece);
    this.finish();
  }

  fail(error: Error, cause: BrokenBy): void {
    this.upstreamHasEnded = true;
    this.broken ??= { error, cause };
    if (this.state === 'relaying') this.finish();
    if (this.state === 'starting') this.leave();
  }

  relayTo(
    edgeRequest: EdgeRequest,
    headers: OutgoingHttpHeaders,
    more: OutgoingHttpHeaders = {},
  ): Promise<AnswerEnd> {
    const { options } = this.control;
    const flow = { pause: () => this.pause(), resume: () => this.resume() };
    const writer = new ClientWriter(edgeRequest, options.clock, flow);
    clearTimeout(this.preambleTimer);
    return new Promise((resolve) => {
      if (!writer.isOpen) {
        this.discard();
        return resolve(this.describe(writer, false));
      }
      this.writer = writer;
      this.state = 'relaying';
      writer.sendHead(this.status, this.headers({ ...headers, ...more }), (isFlushed) => {
        this.onClientClosed();
        resolve(this.describe(writer, isFlushed));
      });
      this.relayHeld();
    });
  }

  discard(): void {
    if (this.state === 'done') return;
    this.leave();
    this.control.abort(new ClientGone());
  }

  private take(chunk: Buffer): readonly Buffer[] {
    try {
      const passed = this.passage.push(chunk);
      if (this.passage.hasContent) this.firstTokenAtMs ??= this.control.options.clock.nowMs();
      return passed;
    } catch (error) {
      this.passage.stop((error as Error).message);
      return [];
    }
  }

  private hold(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.held.push(piece);
      this.heldBytes += piece.length;
    }
    if (this.state === 'starting') this.decide();
    if (this.state === 'held' && this.heldBytes > readAheadBytes) this.control.pause();
  }

  private decide(): void {
    const { passage, control } = this;
    const { options, status, headers } = control;
    if (passage.error) {
      const { error } = passage;
      this.leave();
      return control.failed(answeredError(options, { status, headers, error, body: null, isEvent: true }));
    }
    if (passage.problem !== null) return this.refuse(passage.problem);
    if (passage.hasContent) return this.becomeGood();
    if (this.heldBytes > maxHeldBytes) return this.refuse('the stream has only comments');
    if (passage.hasStarted) this.preambleTimer ??= setTimeout(() => this.becomeGood(), preambleHoldMs);
  }

  private becomeGood(): void {
    if (this.state !== 'starting') return;
    clearTimeout(this.preambleTimer);
    this.state = 'held';
    this.isSilent = !this.passage.hasContent;
    this.control.good(this);
  }

  private refuse(detail: string): void {
    this.leave();
    this.control.failed(invalidAnswer(this.control.options, detail));
  }

  private headers(more: OutgoingHttpHeaders): OutgoingHttpHeaders {
    const own = answerHeaders(this.control.options.via, this.control.headers);
    if (this.passage.takesErrors) {
      // An error event may have to be added, and nobody on the way may gather events.
      delete own['content-length'];
      own['cache-control'] ??= 'no-cache';
      own['x-accel-buffering'] = 'no';
    }
    return { ...own, ...more };
  }

  private relayHeld(): void {
    const { held } = this;
    this.held = [];
    for (const piece of held) this.writer?.write(piece);
    if (this.passage.isOver || this.upstreamHasEnded) return this.finish();
    const { totalTimeoutMs } = this.control.options;
    this.totalTimer = setTimeout(() => this.timeOut('the stream took too long'), totalTimeoutMs);
    if (!this.writer?.isPaused) this.resume();
  }

  private timeOut(reason: string): void {
    const error = new Error(reason);
    this.broken ??= { error, cause: 'time' };
    this.finish();
    this.control.abort(error);
  }

  /** A slow client is no reason to call the upstream idle. */
  private pause(): void {
    clearTimeout(this.idleTimer);
    // A refresh would wake it up again.
    this.idleTimer = undefined;
    this.control.pause();
  }

  private resume(): void {
    if (this.state !== 'relaying') return;
    const { idleTimeoutMs } = this.control.options;
    this.idleTimer = setTimeout(() => this.timeOut('no event for too long'), idleTimeoutMs);
    this.control.resume();
  }

  /** Nothing more will come of the upstream: the client gets its end, or an error. */
  private finish(): void {
    const { passage, writer } = this;
    this.leave();
    this.problem = this.findProblem();
    if (passage.isComplete || (passage.hasFailed && passage.isOver)) writer?.end();
    else if (passage.takesErrors) writer?.end(this.errorEvent());
    else writer?.breakOff();
    if (this.upstreamHasEnded) return;
    if (!passage.hasEnded) return this.control.abort(new Error(this.problem ?? 'the stream is over'));
    const linger = setTimeout(
      () => this.upstreamHasEnded || this.control.abort(new Error('lingering')),
      lingerMs,
    );
    linger.unref();
  }

  private findProblem(): string | null {
    const { passage } = this;
    if (passage.isComplete) return null;
    if (passage.error) return `error event: ${streamError(this.control.options, passage.error).reason}`;
    if (passage.hasFailed) return 'the answer is response.failed';
    return passage.problem ?? this.broken?.error.message ?? 'the stream was cut';
  }

  private errorEvent(): string {
    const { options } = this.control;
    const { error } = this.passage;
    const text = error ? streamError(options, error).text : undefined;
    // The dialect of the route: an Anthropic client on a chat route reads a chat's events.
    const dialect = options.routeName === 'messages' ? 'anthropic' : 'openai';
    return streamErrorEvent(options.routeName, dialect, options.requestId, text);
  }

  private onClientClosed(): void {
    if (this.state === 'done') return;
    this.leave();
    this.control.abort(new ClientGone());
  }

  private leave(): void {
    this.state = 'done';
    clearTimeout(this.preambleTimer);
    clearTimeout(this.idleTimer);
    clearTimeout(this.totalTimer);
  }

  private describe(writer: ClientWriter, isFlushed: boolean): AnswerEnd {
    const usage: TokenUsage | null = this.passage.usage;
    return {
      complete: isFlushed && this.problem === null,
      usage,
      upstreamModel: this.passage.model,
      bytesOut: writer.bytesOut,
      firstByteAtMs: writer.firstByteAtMs,
      firstTokenAtMs: this.firstTokenAtMs,
      clientGone: !isFlushed && !writer.hasBrokenOff,
      problem: this.problem,
      brokenBy: this.problem === null ? null : this.cause,
    };
  }

  private get cause(): BrokenBy {
    const { error, problem, hasFailed } = this.passage;
    if (error !== null || problem !== null || hasFailed) return 'error';
    return this.broken?.cause ?? 'cut';
  }
}
