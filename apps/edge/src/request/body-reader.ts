import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyMemory } from './body-memory';
import { ClientGone, Refusal } from './refusal';

/** Providers' own limits lie near it; audio and images are the large ones. */
const bodyBytesLimit = 32 * 1024 * 1024;
const discardTimeLimitMs = 5_000;

function refuseLargeBody(limitBytes: number): Refusal {
  return new Refusal('body_too_large', {
    message: `The body is larger than ${limitBytes / 1024 / 1024} MiB.`,
  });
}

/** One for the process: so is its memory. */
const processMemory = new BodyMemory();

export interface BodyOptions {
  limitBytes?: number;
  memory?: BodyMemory;
  /** How long a large body waits for its turn. */
  turnLimitMs?: number;
  /** How long nothing may come. */
  silenceLimitMs?: number;
}

/** The whole body, as it came. It is kept until the answer has ended, so that it can be sent another way. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limitBytes = bodyBytesLimit, memory = processMemory, ...times }: BodyOptions = {},
): Promise<Buffer> {
  const { turnLimitMs = 20_000, silenceLimitMs = 20_000 } = times;
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limitBytes) return Promise.reject(refuseLargeBody(limitBytes));
  if (request.destroyed || response.closed) return Promise.reject(new ClientGone());
  const held = memory.open(announcedBytes);
  response.on('close', () => held.release());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let timer: NodeJS.Timeout | null = null;
    const finish = (end: () => void): void => {
      if (timer) clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      end();
    };
    const refuse = (reason: Refusal): void => {
      chunks.length = 0;
      held.release();
      finish(() => reject(reason));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      timer?.refresh();
      if (size > limitBytes) return refuse(refuseLargeBody(limitBytes));
      if (!held.add(chunk.length)) return refuse(new Refusal('overloaded'));
      chunks.push(chunk);
    };
    const onEnd = (): void =>
      finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    const onClose = (): void => finish(() => reject(new ClientGone()));
    const read = (): void => {
      if (timer) clearTimeout(timer);
      timer = setTimeout(() => refuse(new Refusal('request_timeout')), silenceLimitMs);
      request.on('data', onData).on('end', onEnd);
    };
    request.on('close', onClose).on('error', onClose);
    if (held.reserve(read)) return read();
    timer = setTimeout(() => refuse(new Refusal('overloaded')), turnLimitMs);
  });
}

/**
 * Lets a refused request's body run out. Closing the connection under a client that is still sending would reset it, and
 * the client would never see the answer; a client that sends on and on is cut off.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), discardTimeLimitMs).unref();
  request.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
  request.on('error', () => undefined);
  request.resume();
}
