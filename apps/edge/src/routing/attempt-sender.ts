import type { Clock, NamedKey } from '@signalbox/common';
import type { LlmRoute } from '@signalbox/gateway';
import type { AnswerStart } from '../answer/answer-start';
import { startUpstreamCall, type UpstreamCall } from '../answer/upstream-call';
import type { FallbackTarget } from '../fallback/fallback-routes';
import type { Caller } from '../keys/key-directory';
import { bodyBytes, type CallBody, lacksUsage } from '../request/call-body';
import type { EdgeRequest } from '../request/edge-request';
import { litellmHeaders } from '../request/litellm-headers';
import type { LitellmConnection } from '../upstream/litellm-connection';
import type { CallDispatcher } from '../upstream/litellm-connection.attempt';
import type { UpstreamRequest } from '../upstream/upstream-exchange';
import type { FallbackReason, PlannedAttempt } from './planned-attempt';
import { attemptTimeoutMs, type TimeLimits } from './time-limits';

const streamTotalMs = 3_600_000;

export interface AttemptSenderDependencies {
  litellm: LitellmConnection;
  signingKeys: readonly NamedKey[];
  clock: Clock;
}

/** What is the same for all attempts of a request. */
export interface RequestCall {
  readonly edgeRequest: EdgeRequest;
  readonly caller: Caller;
  readonly route: LlmRoute;
  readonly body: CallBody;
  readonly bytes: Buffer;
  readonly times: TimeLimits;
}

export interface BegunAttempt {
  readonly planned: PlannedAttempt;
  /** Why it was begun; null: it is the first choice. */
  readonly because: FallbackReason | null;
  /** Nobody comes after it, so it may use all the time that is left. */
  readonly isLast: boolean;
  /** The client, or a tenant's policy, leaves it too little time to be blamed for silence. */
  readonly isHurried: boolean;
}

/** An attempt on its way. */
export class RunningAttempt {
  readonly start: Promise<AnswerStart | null>;
  private call: UpstreamCall | null = null;
  private abortReason: Error | null = null;

  /** `begin` resolves to null when there was nothing to send the call with. */
  constructor(
    readonly begun: BegunAttempt,
    readonly startedAtMs: number,
    begin: (running: RunningAttempt) => Promise<AnswerStart | null>,
  ) {
    this.start = begin(this);
  }

  /** At once, also when the client is reading already: a stream then ends with an error event. */
  abort(reason: Error): void {
    this.abortReason ??= reason;
    this.call?.abort(reason);
  }

  /** Calls unless the attempt was given up in the meantime. */
  attach(call: () => UpstreamCall): Promise<AnswerStart> {
    if (this.abortReason) return Promise.reject(this.abortReason);
    this.call = call();
    return this.call.start;
  }
}

/** Makes one call, through LiteLLM or around it. */
export class AttemptSender {
  constructor(private readonly dependencies: AttemptSenderDependencies) {}

  begin(call: RequestCall, begun: BegunAttempt): RunningAttempt {
    const { target } = begun.planned;
    return new RunningAttempt(begun, this.dependencies.clock.nowMs(), (running) =>
      target ? this.around(call, target, running) : this.throughLitellm(call, running),
    );
  }

  private throughLitellm(call: RequestCall, running: RunningAttempt): Promise<AnswerStart> {
    const { litellm } = this.dependencies;
    return litellm.send(
      (dispatcher) =>
        running.attach(() =>
          this.start(call, running.begun, dispatcher, this.requestFor(call, running.begun.planned)),
        ),
      call.edgeRequest.facts,
    );
  }

  private async around(
    call: RequestCall,
    target: FallbackTarget,
    running: RunningAttempt,
  ): Promise<AnswerStart | null> {
    const { edgeRequest, route, body, bytes } = call;
    const requestId = edgeRequest.id;
    const prepared = await target.prepare({
      requestId,
      route,
      body,
      bytes,
      clientHeaders: edgeRequest.request.headers,
    });
    if (!prepared) return null;
    const { dispatcher, request } = prepared;
    return running.attach(() => this.start(call, running.begun, dispatcher, request));
  }

  private requestFor(
    { edgeRequest, caller, route, body, bytes }: RequestCall,
    { model, deploymentId: dep, credential, providerId: prov }: PlannedAttempt,
  ): UpstreamRequest {
    const { signingKeys, clock } = this.dependencies;
    const { id: requestId, path, request } = edgeRequest;
    const choice = { dep, cred: credential?.id ?? null, prov };
    const call = { requestId, method: 'POST', path, model, caller, choice } as const;
    const headers = litellmHeaders(call, request.headers, body.contentType, signingKeys, clock.nowMs());
    const asksForUsage = lacksUsage(route.name, body);
    return { method: 'POST', path, headers, body: bodyBytes(body, bytes, { model, asksForUsage }) };
  }

  private start(
    { edgeRequest, route, body, times }: RequestCall,
    { planned: { route: via, provider }, isLast }: BegunAttempt,
    dispatcher: CallDispatcher,
    request: UpstreamRequest,
  ): UpstreamCall {
    const { clock } = this.dependencies;
    return startUpstreamCall(dispatcher, request, {
      via,
      provider,
      routeName: route.name,
      dialect: edgeRequest.dialect,
      isStream: body.isStream,
      hidesUsage: lacksUsage(route.name, body),
      firstByteTimeoutMs: attemptTimeoutMs(times, clock.nowMs(), isLast),
      idleTimeoutMs: times.idleMs,
      totalTimeoutMs: streamTotalMs,
      requestId: edgeRequest.id,
      clock,
    });
  }
}
