import type { OutgoingHttpHeaders } from 'node:http';
import type { Clock } from '@signalbox/common';
import type { EdgeRequest } from '../request/edge-request';
import { requestIdHeaders } from './answer-headers';

/** A client that reads nothing for so long is not there any more; its answer must not hold the upstream up. */
const stallLimitMs = 120_000;

/** A larger body is not copied. */
const oneTextBytes = 16 * 1024;

function flatHead(headers: readonly OutgoingHttpHeaders[], length: number): string[] {
  const flat: string[] = [];
  for (const some of headers) {
    for (const name in some) {
      const value = some[name];
      if (value !== undefined && name !== 'content-length') flat.push(name, String(value));
    }
  }
  flat.push('content-length', String(length));
  return flat;
}

export interface Flow {
  pause(): void;
  resume(): void;
}

/** Writes an answer to the client, as fast as the client reads it. */
export class ClientWriter {
  bytesOut = 0;
  firstByteAtMs: number | null = null;
  hasBrokenOff = false;
  /** The client has not taken what it was sent. */
  isPaused = false;
  private stallTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly edgeRequest: EdgeRequest,
    private readonly clock: Clock,
    private readonly flow: Flow,
    private readonly stallMs = stallLimitMs,
  ) {}

  /** false: the client has gone. */
  get isOpen(): boolean {
    return !this.edgeRequest.response.destroyed;
  }

  /** @param onClosed after everything, with whether the client has got all that was written */
  sendHead(status: number, headers: OutgoingHttpHeaders, onClosed: (isFlushed: boolean) => void): void {
    const { id, response } = this.edgeRequest;
    this.listen(onClosed);
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    response.writeHead(status, requestIdHeaders(id));
    this.firstByteAtMs = this.clock.nowMs();
  }

  /**
   * All of an answer. Its head is a flat list of names and values, which node writes as it is (setHeader would fill a map first), and
   * a small body goes with it as one text.
   * @param headers no name comes in two of them
   */
  sendWhole(
    status: number,
    headers: readonly OutgoingHttpHeaders[],
    bytes: Buffer,
    onClosed: (isFlushed: boolean) => void,
  ): void {
    const { id, response } = this.edgeRequest;
    this.listen(onClosed);
    response.writeHead(status, flatHead([requestIdHeaders(id), ...headers], bytes.length));
    this.firstByteAtMs = this.clock.nowMs();
    this.bytesOut += bytes.length;
    if (bytes.length > oneTextBytes) response.end(bytes);
    else response.end(bytes.toString('latin1'), 'latin1');
    this.watchRest();
  }

  write(bytes: Buffer): void {
    const { response } = this.edgeRequest;
    if (response.destroyed || response.writableEnded) return;
    this.bytesOut += bytes.length;
    if (response.write(bytes) || this.isPaused) return;
    this.isPaused = true;
    this.flow.pause();
    this.stallTimer = setTimeout(() => response.destroy(), this.stallMs).unref();
    response.once('drain', () => {
      this.isPaused = false;
      clearTimeout(this.stallTimer);
      this.flow.resume();
    });
  }

  end(bytes?: Buffer | string): void {
    const { response } = this.edgeRequest;
    if (response.destroyed || response.writableEnded) return;
    this.bytesOut += bytes === undefined ? 0 : Buffer.byteLength(bytes);
    response.end(bytes);
    this.watchRest();
  }

  private listen(onClosed: (isFlushed: boolean) => void): void {
    const { response } = this.edgeRequest;
    response.on('close', () => {
      clearTimeout(this.stallTimer);
      onClosed(response.writableFinished);
    });
  }

  private watchRest(): void {
    const { response } = this.edgeRequest;
    // A socket that takes nothing for so long; one that makes progress has all the time it needs.
    if (response.writableLength > 0) response.setTimeout(this.stallMs, () => response.destroy());
  }

  /** A broken connection: where an error has no place, it is the only sign that every client understands. */
  breakOff(): void {
    this.hasBrokenOff = true;
    this.edgeRequest.response.destroy();
  }
}
