import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '@signalbox/common';
import type { Breakers } from '../breakers/breakers';
import type { FallbackRoutes } from '../fallback/fallback-routes';
import type { KeyDirectory } from '../keys/key-directory';
import type { ProjectionStore } from '../keys/projection-store';
import type { Limiter } from '../limits/limiter';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import type { UsageRecorder } from '../usage/usage-recorder';
import { logAccess } from './access-log';
import { nameRequest, sendGatewayError } from './answer';
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
  breakers: Breakers;
  limiter: Limiter;
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
    const { clock, logger, newRequestId } = this.dependencies;
    const edgeRequest: EdgeRequest = {
      id: newRequestId(),
      request,
      response,
      path: (request.url ?? '').split('?', 1)[0] ?? '',
      startedAtMs: clock.nowMs(),
      dialect: 'openai',
      facts: {},
    };
    nameRequest(response, edgeRequest.id);
    response.once('close', () => logAccess(logger, edgeRequest, clock.nowMs()));
    try {
      await this.walk(edgeRequest);
    } catch (error) {
      this.answerError(edgeRequest, error);
    }
  }

  private async walk(edgeRequest: EdgeRequest): Promise<void> {
    const { directory, models, candidates, attempt, clock } = this.dependencies;
    const { request, facts } = edgeRequest;

    // 1. Route: LLM routes only.
    const { route, id } = checkRoute(edgeRequest);

    // 2. Key: who calls? The body of somebody unknown is not even read.
    const known = await identifyCaller(edgeRequest, directory);
    checkCaller(known, null, clock.nowMs());
    if (route.method === 'GET') return models.run(edgeRequest, known, id);

    // 3. Policy: body fields, then the key once more, now with the model: it may have been revoked while the body came in.
    const contentType = request.headers['content-type'] ?? '';
    checkBodyType(route, contentType, request.headers['content-encoding']);
    const bytes = await readBody(request);
    facts.bytes_in = bytes.length;
    const body = parseCallBody(contentType, bytes);
    Object.assign(facts, { model: body.model, stream: body.isStream });
    checkBody(body);
    const caller = await findCaller(known.keyHash, directory);
    checkCaller(caller, body.model, clock.nowMs());

    // 4. Limits and budgets come here: reserve before the attempt, settle after it.

    // 5. Candidates: deployments and provider keys in order. The first is taken.
    const choice = await candidates.choose(edgeRequest, caller, body.model);

    // 6. Attempt, through LiteLLM. The next candidate, and OpenRouter while LiteLLM is down, will follow here.
    await attempt.run(edgeRequest, { caller, choice, body, bytes });

    // 7. The usage event of the request comes here.
  }

  private answerError(edgeRequest: EdgeRequest, error: unknown): void {
    if (error instanceof ClientGone) {
      edgeRequest.facts.reason = error.message;
      edgeRequest.response.destroy();
      return;
    }
    if (error instanceof Refusal) return sendGatewayError(edgeRequest, error.code, error.details);
    this.dependencies.logger.error('request failed', { request_id: edgeRequest.id, error });
    if (edgeRequest.response.headersSent) edgeRequest.response.destroy();
    else sendGatewayError(edgeRequest, 'internal_error');
  }
}
