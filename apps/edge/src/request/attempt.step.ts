import type { IncomingHttpHeaders } from 'node:http';
import type { Clock, Logger, NamedKey } from '@signalbox/common';
import type { Dispatcher } from 'undici';
import type { Caller } from '../keys/key-directory';
import type { LitellmConnection } from '../upstream/litellm-connection';
import { readLitellmError } from '../upstream/litellm-errors';
import { type ExchangeOutcome, UpstreamExchange } from '../upstream/upstream-exchange';
import { sendGatewayError, sendJson } from './answer';
import { AnswerRelay } from './answer-relay';
import type { CallBody } from './call-body';
import type { Choice } from './candidates.step';
import type { EdgeRequest } from './edge-request';
import { clientHeaders, litellmHeaders } from './litellm-headers';
import { ClientGone, Refusal } from './refusal';

export interface AttemptDependencies {
  litellm: LitellmConnection;
  signingKeys: readonly NamedKey[];
  clock: Clock;
  logger: Logger;
}

export interface AttemptCall {
  caller: Caller;
  choice: Choice;
  body: CallBody;
  bytes: Buffer;
}

type Failure = Extract<ExchangeOutcome, { kind: 'failed' }>;
type Kept = Extract<ExchangeOutcome, { kind: 'kept' }>;

/** Step 6: one call through LiteLLM, its answer streamed to the client. A client that goes away ends the call at once. */
export class AttemptStep {
  private readonly running = new Map<EdgeRequest, UpstreamExchange>();

  constructor(private readonly dependencies: AttemptDependencies) {}

  async run(edgeRequest: EdgeRequest, call: AttemptCall): Promise<void> {
    let relay: AnswerRelay | null = null;
    const chooseSink = (status: number, headers: IncomingHttpHeaders): AnswerRelay | null => {
      // Errors are read and brought into the caller's dialect; they are small.
      relay = status < 400 ? new AnswerRelay(edgeRequest, status, headers) : null;
      return relay;
    };
    const onClose = (): void => this.running.get(edgeRequest)?.abort(new ClientGone());
    edgeRequest.response.once('close', onClose);
    try {
      const outcome = await this.dependencies.litellm.ask((dispatcher) => {
        if (edgeRequest.response.destroyed) throw new ClientGone();
        const exchange = this.startExchange(edgeRequest, call, dispatcher, chooseSink);
        this.running.set(edgeRequest, exchange);
        return exchange;
      }, edgeRequest.facts);
      this.answer(edgeRequest, outcome, relay);
    } finally {
      this.running.delete(edgeRequest);
      edgeRequest.response.off('close', onClose);
    }
  }

  /** The time for open streams is over. */
  abortAll(): void {
    for (const exchange of this.running.values()) exchange.abort(new Refusal('shutting_down'));
  }

  private startExchange(
    { id, request, path }: EdgeRequest,
    { caller, choice, body: { model, contentType }, bytes }: AttemptCall,
    dispatcher: Dispatcher,
    chooseSink: (status: number, headers: IncomingHttpHeaders) => AnswerRelay | null,
  ): UpstreamExchange {
    const { signingKeys, clock } = this.dependencies;
    const call = { requestId: id, method: 'POST', path, model, caller, choice } as const;
    const headers = litellmHeaders(call, request.headers, contentType, signingKeys, clock.nowMs());
    return new UpstreamExchange(dispatcher, { method: 'POST', path, headers, body: bytes }, chooseSink);
  }

  private answer(edgeRequest: EdgeRequest, outcome: ExchangeOutcome, relay: AnswerRelay | null): void {
    if (outcome.kind === 'kept') return this.answerError(edgeRequest, outcome);
    if (outcome.kind === 'failed') return this.answerFailure(edgeRequest, outcome, relay);
    if (!relay?.end()) throw new Refusal('stream_interrupted');
  }

  private answerError(edgeRequest: EdgeRequest, { status, headers, body }: Kept): void {
    const { dialect, id, facts } = edgeRequest;
    const error = readLitellmError(dialect, status, headers, body, id);
    if (error.kind === 'pass_on')
      return sendJson(edgeRequest, status, clientHeaders(status, headers), error.body);
    facts.reason = `LiteLLM answered ${status}`;
    if (error.code === 'litellm_refused_context') {
      const hint = 'compare SIGNALBOX_CONTEXT_SIGNING_KEYS and the clocks of edge and LiteLLM';
      this.dependencies.logger.error('LiteLLM refused our signed context', { request_id: id, hint });
    }
    sendGatewayError(edgeRequest, error.code);
  }

  private answerFailure(
    edgeRequest: EdgeRequest,
    { phase, error }: Failure,
    relay: AnswerRelay | null,
  ): void {
    if (error instanceof ClientGone) throw error;
    edgeRequest.facts.reason = error.message;
    if (relay?.breakOff()) return;
    if (error instanceof Refusal) throw error;
    const { code } = error as Error & { code?: unknown };
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
      throw new Refusal('litellm_timeout');
    if (phase === 'not_sent') throw new Refusal('litellm_unavailable');
    throw new Refusal(phase === 'cut' ? 'stream_interrupted' : 'litellm_no_answer');
  }
}
