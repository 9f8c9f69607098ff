import type { Clock, Logger } from '@signalbox/common';
import type { LlmRoute } from '@signalbox/gateway';
import type { AnswerEnd } from '../answer/answer-end';
import type { Breakers } from '../breakers/breakers';
import type { FallbackRoutes, FallbackTarget } from '../fallback/fallback-routes';
import { OpenThings } from '../open-things';
import type { PerformanceNotes } from '../performance/performance-exchange';
import { answerTags } from '../routing/answer-tags';
import { AttemptQueue } from '../routing/attempt-queue';
import type { AttemptSender, RequestCall } from '../routing/attempt-sender';
import { FailoverRun, type FoundAnswer } from '../routing/failover-run';
import { FailureAlarms } from '../routing/failure-alarms';
import { finalAnswerOf } from '../routing/final-answer';
import type { PlannedAttempt } from '../routing/planned-attempt';
import type { RequestRecord } from '../routing/request-record';
import { timeLimitsOf } from '../routing/time-limits';
import type { LitellmConnection } from '../upstream/litellm-connection';
import { sendJson } from './answer';
import type { CallBody } from './call-body';
import type { Candidates } from './candidates.step';
import type { EdgeRequest } from './edge-request';
import { ClientGone, Refusal } from './refusal';

export interface AttemptDependencies {
  litellm: LitellmConnection;
  sender: AttemptSender;
  breakers: Breakers;
  fallback: FallbackRoutes;
  performance: PerformanceNotes;
  clock: Clock;
  logger: Logger;
}

export interface AttemptInput {
  readonly route: LlmRoute;
  readonly body: CallBody;
  readonly bytes: Buffer;
  readonly candidates: Candidates;
  readonly record: RequestRecord;
}

/** Step 6: candidate after candidate until one answers; then its answer goes to the client, and nothing is repeated any more. */
export class AttemptStep {
  private readonly running = new OpenThings<FailoverRun>();

  private readonly alarms: FailureAlarms;

  private readonly isLitellmDown = (): boolean => this.dependencies.litellm.isDown();

  private readonly takesDetour = (): boolean => this.dependencies.litellm.takesDetour();

  constructor(private readonly dependencies: AttemptDependencies) {
    this.alarms = new FailureAlarms(dependencies.logger, dependencies.clock);
  }

  async run(edgeRequest: EdgeRequest, input: AttemptInput): Promise<void> {
    const { response } = edgeRequest;
    const { caller } = input.record;
    if (!caller.workspace) throw new Refusal('policy_unavailable');
    const queue = this.queueOf(input);
    const call = this.callOf(edgeRequest, input);
    const run = new FailoverRun(this.dependencies, call, queue, caller.routing);
    const onClose = (): void => run.abort(new ClientGone());
    response.on('close', onClose);
    const place = this.running.add(run);
    try {
      if (response.destroyed) throw new ClientGone();
      const found = await run.find();
      response.off('close', onClose);
      if (found) await this.relay(edgeRequest, input.record, run, found);
      else this.refuse(edgeRequest, input, run, queue);
    } finally {
      response.off('close', onClose);
      this.running.remove(place);
      this.conclude(edgeRequest, input.record, run, queue);
    }
  }

  /** The time for open streams is over. */
  abortAll(): void {
    this.running.forEach((run) => run.abort(new Refusal('shutting_down')));
  }

  private queueOf({ route, candidates, record: { caller } }: AttemptInput): AttemptQueue {
    const { plan, catalogue, allowsAround } = candidates;
    const { breakers, fallback } = this.dependencies;
    const { isLitellmDown, takesDetour } = this;
    const targetsOf = async (model: string): Promise<readonly FallbackTarget[]> => {
      if (catalogue === null) return [];
      const targets = await fallback.targets({ caller, route, model, catalogue });
      // Whom the policy forbids is forbidden on every way.
      return targets.filter(({ deploymentId }) => allowsAround(model, deploymentId));
    };
    return new AttemptQueue({ plan, breakers, targetsOf, isLitellmDown, takesDetour });
  }

  private callOf(edgeRequest: EdgeRequest, { route, body, bytes, record }: AttemptInput): RequestCall {
    const { caller } = record;
    const { platformFirstByteMs, routing } = caller;
    const { startedAtMs, request } = edgeRequest;
    const times = { startedAtMs, nowMs: this.dependencies.clock.nowMs(), platformFirstByteMs };
    const limits = timeLimitsOf(routing, body.isStream, request.headers, times);
    return { edgeRequest, caller, route, body, bytes, times: limits };
  }

  private async relay(
    edgeRequest: EdgeRequest,
    record: RequestRecord,
    run: FailoverRun,
    { running, answer, line }: FoundAnswer,
  ): Promise<void> {
    const { planned, because } = running.begun;
    record.answeredBy = planned;
    record.fallbackReason = because;
    const { powerLevel } = record;
    const facts = { attempt: planned, attempts: run.attempts, fallbackReason: because, powerLevel };
    const end = await answer.relayTo(edgeRequest, answerTags(facts), record.admission?.headers);
    record.end = end;
    if (answer.isSilent) this.noteFirstToken(planned, end, running.startedAtMs);
    this.notePrompt(planned, end);
    line.duration_ms = Math.max(this.dependencies.clock.nowMs() - running.startedAtMs, 0);
    if (end.problem !== null) this.noteCut(edgeRequest, record, end, running.startedAtMs);
  }

  /** It came while the answer was on its way to the client already. */
  private noteFirstToken(
    { measuredAs }: PlannedAttempt,
    { firstTokenAtMs: atMs }: AnswerEnd,
    beganAtMs: number,
  ): void {
    if (measuredAs === null || typeof atMs !== 'number') return;
    const firstByteMs = Math.max(atMs - beganAtMs, 0);
    this.dependencies.performance.noteFirstToken(measuredAs, { firstByteMs, atMs });
  }

  /** How much of the prompts a provider has cached is part of what it will probably cost. */
  private notePrompt({ measuredAs }: PlannedAttempt, { usage }: AnswerEnd): void {
    if (measuredAs === null || !usage || usage.prompt_tokens === 0) return;
    const { prompt_tokens: promptTokens, cache_read_tokens: cachedTokens } = usage;
    this.dependencies.performance.notePrompt(measuredAs, { promptTokens, cachedTokens });
  }

  private noteCut(
    edgeRequest: EdgeRequest,
    record: RequestRecord,
    { clientGone, problem, brokenBy }: AnswerEnd,
    beganAtMs: number,
  ): void {
    edgeRequest.facts.reason = problem ?? undefined;
    if (clientGone) return;
    record.errorCode ??= 'stream_interrupted';
    // What a stopping edge cuts is nobody's failure.
    if (record.answeredBy && brokenBy !== 'abort') void this.tellBreakerOfCut(record.answeredBy, beganAtMs);
  }

  /** Its beginning was good, which the breaker was told; so is this. But a LiteLLM that dies cuts the answers of all providers. */
  private async tellBreakerOfCut(
    { breaker, route, measuredAs }: PlannedAttempt,
    beganAtMs: number,
  ): Promise<void> {
    const { breakers, litellm, performance } = this.dependencies;
    if (breaker === null) return;
    if (route === 'litellm' && !(await litellm.mayBlameProvider(beganAtMs))) return;
    if (measuredAs !== null) performance.noteCut(measuredAs);
    breakers.note(breaker, { failure: 'provider_error', retryAfterMs: null });
  }

  private refuse(
    edgeRequest: EdgeRequest,
    { route, record }: AttemptInput,
    run: FailoverRun,
    queue: AttemptQueue,
  ): void {
    const { status, headers, body, code, isOwn, of } = finalAnswerOf(edgeRequest, route, run, queue);
    if (isOwn) edgeRequest.facts.code = code;
    record.errorCode = code;
    record.fallbackReason = queue.leftBecause;
    const attempt = of?.planned ?? run.failures.at(-1)?.planned ?? null;
    const isFirst = attempt === null || attempt === run.failures[0]?.planned;
    const fallbackReason = isFirst ? null : queue.leftBecause;
    const facts = { attempt, attempts: run.attempts, fallbackReason, powerLevel: record.powerLevel };
    const tags = { ...record.admission?.headers, ...answerTags(facts) };
    sendJson(edgeRequest, status, { ...tags, ...headers }, body);
  }

  private conclude(
    { id, facts }: EdgeRequest,
    record: RequestRecord,
    run: FailoverRun,
    queue: AttemptQueue,
  ): void {
    record.attempts = run.lines;
    record.skipped = queue.skipped;
    for (const failed of run.failures) this.alarms.note(failed, id);
    const last = run.failures.at(-1);
    facts.attempts = run.attempts;
    if (last) facts.reason ??= `${last.failure.reason}: ${last.failure.detail}`;
    const { answeredBy, fallbackReason } = record;
    if (fallbackReason !== null) facts.fallback = fallbackReason;
    if (!answeredBy) return;
    facts.answer_route = answeredBy.route;
    facts.deployment_id = answeredBy.deploymentId ?? undefined;
    facts.credential_id = answeredBy.credential?.id;
    facts.credential_owner = answeredBy.credential?.owner;
  }
}
