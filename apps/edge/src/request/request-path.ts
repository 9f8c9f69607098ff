import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '@signalbox/common';
import {
  type DeploymentFacts,
  estimateTokens,
  factsDocumentId,
  isRoutingName,
  resolveAlias,
} from '@signalbox/gateway';
import type { FallbackRoutes } from '../fallback/fallback-routes';
import type { KeyDirectory } from '../keys/key-directory';
import type { ProjectionStore } from '../keys/projection-store';
import type { Limiter } from '../limits/limiter';
import type { UnknownKeyGuard } from '../limits/unknown-key-guard';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import { newRequestRecord, type RequestRecord } from '../routing/request-record';
import { buildUsageEvent } from '../routing/usage-event.builder';
import type { UsageRecorder } from '../usage/usage-recorder';
import { logAccess } from './access-log';
import { sendGatewayError } from './answer';
import type { AttemptStep } from './attempt.step';
import { readBody } from './body-reader';
import { checkBodyType, parseCallBody } from './call-body';
import type { CandidatesStep } from './candidates.step';
import type { EdgeRequest } from './edge-request';
import { findCaller, identifyCaller } from './key.step';
import type { ModelsStep } from './models.step';
import { checkBody, checkCaller } from './policy.step';
import { ClientGone, Refusal } from './refusal';
import { checkRoute } from './route.step';

export interface RequestPathDependencies {
  directory: KeyDirectory;
  models: ModelsStep;
  candidates: CandidatesStep;
  attempt: AttemptStep;
  metrics: EdgeMetrics;
  limiter: Limiter;
  guard: UnknownKeyGuard;
  fallback: FallbackRoutes;
  usage: UsageRecorder;
  store: ProjectionStore;
  edgeId: string;
  clock: Clock;
  newRequestId: () => string;
  logger: Logger;
}

/** The way of every request, from top to bottom. */
export class RequestPath {
  constructor(private readonly dependencies: RequestPathDependencies) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, newRequestId } = this.dependencies;
    const edgeRequest: EdgeRequest = {
      id: newRequestId(),
      request,
      response,
      path: (request.url ?? '').split('?', 1)[0] ?? '',
      startedAtMs: clock.nowMs(),
      dialect: 'openai',
      facts: {},
      record: null,
    };
    try {
      await this.walk(edgeRequest);
    } catch (error) {
      this.answerError(edgeRequest, error);
    }
    const { record, facts } = edgeRequest;
    record?.admission?.settle(tokensOf(record, facts.code));
    // Whether all of the answer has left is known when the connection is done with it.
    if (response.closed) this.conclude(edgeRequest);
    else response.on('close', () => this.conclude(edgeRequest));
  }

  private async walk(edgeRequest: EdgeRequest): Promise<void> {
    const { directory, guard, models, candidates, attempt, limiter, fallback, store, clock } =
      this.dependencies;
    const { id: requestId, request, facts } = edgeRequest;

    // 1. Route: LLM routes only.
    const { route, id } = checkRoute(edgeRequest);
    const { dialect } = edgeRequest;

    // 2. Key: who calls? The body of somebody unknown is not even read.
    const known = await identifyCaller(edgeRequest, directory, guard);
    if (route.method === 'GET') {
      checkCaller(known, null, clock.nowMs());
      return models.run(edgeRequest, known, id);
    }
    const record = (edgeRequest.record = newRequestRecord(known, route.name));
    checkCaller(known, null, clock.nowMs());
    fallback.note(known);

    // 3. Policy: body fields, then the key once more, now with the model: it may have been revoked while the body came in.
    const contentType = request.headers['content-type'] ?? '';
    checkBodyType(route, contentType, request.headers['content-encoding']);
    const bytes = await readBody(request, edgeRequest.response);
    facts.bytes_in = record.bytesIn = bytes.length;
    const body = parseCallBody(contentType, bytes);
    facts.model = record.modelRequested = body.model;
    facts.stream = record.isStream = body.isStream;
    checkBody(body);
    const caller = (record.caller = await findCaller(known.keyHash, directory));
    const model = resolveAlias(caller.routing, body.model);
    // What is behind a level's name is known with its candidates.
    checkCaller(caller, isRoutingName(caller.routing, model) ? null : model, clock.nowMs());

    // 4. Limits: reserved before the attempts, settled after them.
    const { service_id: serviceId } = caller.key;
    const service = serviceId === null ? null : store.get('service', serviceId);
    const estimatedTokens = estimateTokens(body, bytes.length, route.name);
    record.admission = await limiter.admit({ requestId, caller, service, estimatedTokens, dialect });

    // 5. Candidates: what the name stands for, on which deployments, and whose provider keys pay, in order.
    const { headers } = request;
    const question = { requestId, caller, route, body, byteLength: bytes.length, headers, record };
    const chosen = await candidates.choose(question);

    // 6. Attempts: through LiteLLM, and around it while it is down.
    await attempt.run(edgeRequest, { route, body, bytes, candidates: chosen, record });
  }

  /** 7. Once per request, however it ended. */
  private conclude(edgeRequest: EdgeRequest): void {
    const { usage, metrics, clock, edgeId, logger } = this.dependencies;
    const { record, facts } = edgeRequest;
    const endedAtMs = clock.nowMs();
    if (record) {
      const event = buildUsageEvent(edgeRequest, record, edgeId, endedAtMs, this.factsOf(record));
      usage.record(event);
      metrics.requestEnded(event);
    } else if (facts.code !== undefined) metrics.requestRefused(facts.code);
    logAccess(logger, edgeRequest, endedAtMs);
  }

  private factsOf({ answeredBy, facts: before }: RequestRecord): DeploymentFacts | null {
    if (!answeredBy?.deploymentId) return null;
    const facts = this.dependencies.store.get('facts', factsDocumentId);
    const { deploymentId: id } = answeredBy;
    return facts?.deployments[id] ?? before?.deployments[id] ?? null;
  }

  private answerError(edgeRequest: EdgeRequest, error: unknown): void {
    const { response, record, facts } = edgeRequest;
    if (error instanceof ClientGone) {
      facts.reason = error.message;
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(record?.admission?.headers ?? {}))
      if (value !== undefined && !response.headersSent) response.setHeader(name, value);
    if (error instanceof Refusal) return sendGatewayError(edgeRequest, error.code, error.details);
    this.dependencies.logger.error('request failed', { request_id: edgeRequest.id, error });
    if (response.headersSent) response.destroy();
    else sendGatewayError(edgeRequest, 'internal_error');
  }
}

/** An error of the gateway's own in place of an answer: nothing was used, as far as anybody can know. */
function tokensOf({ end, answeredBy }: RequestRecord, errorCode: string | undefined): number | null {
  if (answeredBy === null && errorCode !== undefined) return 0;
  const usage = end?.usage;
  return usage ? usage.prompt_tokens + usage.completion_tokens : null;
}
