import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CallDispatcher } from './litellm-connection.attempt';

export interface UpstreamRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
  /** In place of the pool's own limits. */
  answerTimeoutMs?: number;
}

export type ExchangeOutcome =
  | { kind: 'kept'; status: number; headers: IncomingHttpHeaders; body: Buffer }
  | { kind: 'failed'; phase: FailurePhase; error: Error };

/**
 * 'not_sent': no connection, so LiteLLM has not seen the request. 'no_answer': it was sent, and the connection ended without
 * one byte of an answer. 'cut': the answer had begun.
 */
export type FailurePhase = 'not_sent' | 'no_answer' | 'cut';

/** Lists of models are small. */
const keptBytesLimit = 4 * 1024 * 1024;

class KeptAnswerTooLarge extends Error {}

/** One request for something small (a list of models), whose answer is kept in memory; LLM calls are answer/upstream-call.ts. */
export class UpstreamExchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<ExchangeOutcome>;
  private settle: (outcome: ExchangeOutcome) => void = () => undefined;
  private controller: Dispatcher.DispatchController | null = null;
  private abortReason: Error | null = null;
  private phase: FailurePhase = 'not_sent';
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly kept: Buffer[] = [];
  private keptBytes = 0;

  constructor(dispatcher: CallDispatcher, request: UpstreamRequest) {
    this.outcome = new Promise((resolve) => {
      this.settle = resolve;
    });
    const { method, path, headers, body, answerTimeoutMs } = request;
    dispatcher.dispatch(
      {
        method,
        path,
        headers,
        body,
        ...(answerTimeoutMs ? { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs } : {}),
      },
      this,
    );
  }

  /** Ends the connection at once, so that LiteLLM stops working (and paying) for nobody. */
  abort(reason: Error): void {
    this.abortReason ??= reason;
    this.controller?.abort(reason);
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
    if (status < 200) return;
    this.phase = 'cut';
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.keptBytes += chunk.length;
    if (this.keptBytes > keptBytesLimit)
      return this.abort(new KeptAnswerTooLarge('the answer is too large to keep'));
    this.kept.push(chunk);
  }

  onResponseEnd(): void {
    const { status, headers } = this;
    this.settle({ kind: 'kept', status, headers, body: Buffer.concat(this.kept) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.settle({ kind: 'failed', phase: this.phase, error: this.abortReason ?? error });
  }
}
