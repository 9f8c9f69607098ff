import { noErrorFields, readErrorFields } from '@signalbox/gateway';
import { isEncoded } from './answer-kind';
import { decodeBody } from './body-decoding';
import type { AnswerBody, CallControl } from './call-control';
import { answeredError } from './failures';

const maxBytes = 256 * 1024;

/** Nothing of HTML is ever shown. */
function parseError(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

/** An answer with a status of 400 or more. What can be read of it is, but its status counts whatever comes after. */
export class ErrorAnswer implements AnswerBody {
  private readonly chunks: Buffer[] = [];
  private byteCount = 0;

  constructor(private readonly control: CallControl) {}

  push(chunk: Buffer): void {
    this.byteCount += chunk.length;
    if (this.byteCount > maxBytes) return this.settle(null);
    this.chunks.push(chunk);
  }

  end(): void {
    const bytes = Buffer.concat(this.chunks);
    const { headers } = this.control;
    if (!isEncoded(headers)) return this.settle(parseError(bytes));
    decodeBody(headers, bytes, maxBytes).then(
      (decoded) => this.settle(parseError(decoded)),
      () => this.settle(null),
    );
  }

  /** Broken, or too slow: the status is enough. */
  fail(): void {
    this.settle(parseError(Buffer.concat(this.chunks)));
  }

  private settle(body: unknown): void {
    const { options, status, headers } = this.control;
    const error = body === null ? noErrorFields : readErrorFields(body);
    this.control.failed(answeredError(options, { status, headers, error, body, isEvent: false }));
  }
}
