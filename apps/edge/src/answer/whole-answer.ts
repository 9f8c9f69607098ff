import type { OutgoingHttpHeaders } from 'node:http';
import { isRecord } from '@signalbox/common';
import { readErrorFields, type TokenUsage } from '@signalbox/gateway';
import type { EdgeRequest } from '../request/edge-request';
import { answerHeaders } from './answer-headers';
import { type AnswerKind, isEncoded, lackedField } from './answer-kind';
import type { AnswerEnd } from './answer-end';
import type { AttemptFailure, ReadyAnswer } from './answer-start';
import { acceptsEncoding, decodeBody } from './body-decoding';
import type { AnswerBody, CallControl } from './call-control';
import { ClientWriter } from './client-writer';
import { answeredError, invalidAnswer } from './failures';
import { modelOf } from './stream-shape';
import { readBodyUsage } from './token-usage';

const maxBytes = 64 * 1024 * 1024;

/** An answer in one piece: held until all of it is there, so that nothing torn or wrong is ever shown as an answer. */
export class WholeAnswer implements AnswerBody, ReadyAnswer {
  private readonly chunks: Buffer[] = [];
  private byteCount = 0;
  private bytes: Buffer = Buffer.alloc(0);
  /** Unpacked, where it came packed. */
  private decoded: Buffer | null = null;
  private usage: TokenUsage | null = null;
  private model: string | null = null;

  constructor(
    private readonly control: CallControl,
    private readonly kind: Exclude<AnswerKind, 'events' | 'bytes' | 'wrong'>,
  ) {}

  get status(): number {
    return this.control.status;
  }

  push(chunk: Buffer): void {
    this.byteCount += chunk.length;
    this.chunks.push(chunk);
    if (this.byteCount > maxBytes) this.refuse('the answer is too large');
  }

  end(): void {
    const [only] = this.chunks;
    this.bytes = this.chunks.length === 1 && only ? only : Buffer.concat(this.chunks);
    if (!isEncoded(this.control.headers)) return this.settle(this.bytes);
    decodeBody(this.control.headers, this.bytes, maxBytes).then(
      (decoded) => {
        this.decoded = decoded;
        this.settle(decoded);
      },
      () => this.refuse('the answer cannot be unpacked'),
    );
  }

  /** All of it is here already. */
  fail(): void {}

  relayTo(
    edgeRequest: EdgeRequest,
    headers: OutgoingHttpHeaders,
    more: OutgoingHttpHeaders = {},
  ): Promise<AnswerEnd> {
    const { options } = this.control;
    const own = answerHeaders(options.via, this.control.headers);
    const accepted = edgeRequest.request.headers['accept-encoding'];
    const isWelcome =
      this.decoded === null || acceptsEncoding(accepted, this.control.headers['content-encoding']);
    const isPacked = isWelcome && this.decoded !== null;
    if (!isPacked && own['content-encoding'] !== undefined) delete own['content-encoding'];
    const bytes = isWelcome ? this.bytes : (this.decoded ?? this.bytes);
    const writer = new ClientWriter(edgeRequest, options.clock, this.control);
    return new Promise((resolve) => {
      const finish = (isFlushed: boolean): void =>
        resolve({
          complete: isFlushed,
          usage: this.usage,
          upstreamModel: this.model,
          bytesOut: writer.bytesOut,
          firstByteAtMs: writer.firstByteAtMs,
          clientGone: !isFlushed,
          problem: null,
          brokenBy: null,
        });
      if (!writer.isOpen) return finish(false);
      writer.sendWhole(this.status, [own, headers, more], bytes, finish);
    });
  }

  discard(): void {}

  private settle(body: Buffer): void {
    const failure = this.judge(body);
    if (failure) this.control.failed(failure);
    else this.control.good(this);
  }

  private refuse(detail: string): void {
    this.control.failed(invalidAnswer(this.control.options, detail));
  }

  private judge(body: Buffer): AttemptFailure | null {
    const { options, status, headers } = this.control;
    const invalid = (detail: string): AttemptFailure => invalidAnswer(options, detail);
    if (this.kind === 'text') return body.length > 0 ? null : invalid('the answer is empty');
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      return invalid(body.length === 0 ? 'the answer is empty' : 'the answer is not JSON');
    }
    if (isRecord(value) && value['error'] !== undefined && value['error'] !== null) {
      const error = readErrorFields(value);
      return answeredError(options, { status, headers, error, body: value, isEvent: false });
    }
    if (this.kind === 'json_instead') return invalid('JSON was answered where something else was asked for');
    return this.judgeAnswer(value);
  }

  private judgeAnswer(value: unknown): AttemptFailure | null {
    const { options } = this.control;
    // A transcript may be a bare text, in JSON too.
    if (!isRecord(value)) {
      const isTranscript = options.routeName.startsWith('audio_') && typeof value === 'string';
      return isTranscript ? null : invalidAnswer(options, 'the answer is no JSON object');
    }
    const lacked = lackedField(options.routeName, value);
    if (lacked !== null) return invalidAnswer(options, `the answer has no "${lacked}"`);
    this.usage = readBodyUsage(options.routeName, value, this.control.saysCost);
    this.model = modelOf(value);
    return null;
  }
}
