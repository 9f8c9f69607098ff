import type { IncomingHttpHeaders } from 'node:http';
import { streamErrorEvent } from '@signalbox/gateway';
import type { AnswerSink } from '../upstream/upstream-exchange';
import { StreamGuard } from '../upstream/stream-guard';
import type { EdgeRequest } from './edge-request';
import { clientHeaders } from './litellm-headers';

/** A client that reads nothing for so long is not there any more; its answer must not hold LiteLLM up. */
const stallLimitMs = 120_000;

/**
 * Passes LiteLLM's answer on to the client as it arrives. Its head goes out with the first bytes of the body, not before: an
 * answer that breaks earlier can still become an honest error.
 */
export class AnswerRelay implements AnswerSink {
  private readonly guard: StreamGuard | null;
  private stallTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly edgeRequest: EdgeRequest,
    private readonly status: number,
    private readonly headers: IncomingHttpHeaders,
    private readonly stallMs = stallLimitMs,
  ) {
    const isEventStream = /^text\/event-stream\b/i.test(headers['content-type'] ?? '');
    const isReadable = headers['content-encoding'] === undefined;
    const { facts, dialect } = edgeRequest;
    this.guard = isEventStream && isReadable ? new StreamGuard(facts.route ?? '', dialect) : null;
    edgeRequest.response.once('close', () => clearTimeout(this.stallTimer));
  }

  get hasStarted(): boolean {
    return this.edgeRequest.response.headersSent;
  }

  write(chunk: Buffer): boolean {
    const passed = this.guard ? this.guard.push(chunk) : chunk;
    if (!passed) return true;
    this.sendHead();
    return this.edgeRequest.response.write(passed);
  }

  onDrained(resume: () => void): void {
    const { response } = this.edgeRequest;
    this.stallTimer = setTimeout(() => response.destroy(), this.stallMs).unref();
    response.once('drain', () => {
      clearTimeout(this.stallTimer);
      resume();
    });
  }

  /** @returns false when LiteLLM's answer ended too early, and nothing of it has been sent */
  end(): boolean {
    const rest = this.guard?.flush() ?? null;
    if (this.guard && !this.guard.isComplete()) return this.breakOff();
    this.sendHead();
    this.edgeRequest.response.end(rest ?? undefined);
    return true;
  }

  /** @returns false when nothing has been sent yet, so that an error can still be answered */
  breakOff(): boolean {
    const { response, facts, dialect, id } = this.edgeRequest;
    if (!this.hasStarted) return false;
    if (this.guard?.hasSeenEnd()) {
      response.end();
      return true;
    }
    facts.code = 'stream_interrupted';
    if (this.guard) response.end(streamErrorEvent(facts.route ?? '', dialect, id));
    // Anything else has no place for an error: a broken connection is the only sign that every client understands.
    else response.destroy();
    return true;
  }

  private sendHead(): void {
    if (this.hasStarted) return;
    const headers = clientHeaders(this.status, this.headers);
    // An error event may have to be added to a stream.
    if (this.guard) delete headers['content-length'];
    this.edgeRequest.response.writeHead(this.status, headers);
  }
}
