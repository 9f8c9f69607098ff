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

/** The whole body, as it came. It is kept until the answer has ended, so that it can be sent another way. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limitBytes = bodyBytesLimit, memory = processMemory } = {},
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes)
    return Promise.reject(refuseLargeBody(limitBytes));
  if (request.destroyed || response.closed) return Promise.reject(new ClientGone());
  const held = memory.open();
  response.once('close', () => held.release());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (end: () => void): void => {
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
      if (size > limitBytes) return refuse(refuseLargeBody(limitBytes));
      if (!held.add(chunk.length)) return refuse(new Refusal('overloaded'));
      chunks.push(chunk);
    };
    const onEnd = (): void =>
      finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    const onClose = (): void => finish(() => reject(new ClientGone()));
    request.on('data', onData).once('end', onEnd).once('close', onClose).once('error', onClose);
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
