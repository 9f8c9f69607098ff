import { type AttemptPlan, isLitellmTrouble, isOfCredential } from '@signalbox/gateway';
import type { AttemptFailure } from '../answer/answer-start';
import type { Breakers } from '../breakers/breakers';
import type { FallbackTarget } from '../fallback/fallback-routes';
import { aroundLitellm, type FallbackReason, type PlannedAttempt, throughLitellm } from './planned-attempt';

export interface AttemptQueueDependencies {
  readonly plan: AttemptPlan;
  readonly breakers: Breakers;
  /** The ways around LiteLLM for one model. */
  readonly targetsOf: (model: string) => Promise<readonly FallbackTarget[]>;
  /** A connection that broke need not mean that it is down. */
  readonly isLitellmDown: () => boolean;
  /** It has just come back, and has yet to show that it answers. Asked once for each call that would go to it. */
  readonly takesDetour: () => boolean;
}

function reasonOf(refusal: AttemptPlan['refusal']): FallbackReason | null {
  if (refusal === null) return null;
  return refusal === 'no_candidate_left' ? 'no_candidate' : 'credential_refused';
}

/** With this mark LiteLLM refuses what we have signed: it would refuse every further call of ours too. */
const contextMark = 'signalbox_context_error';

/** What to try next: the plan's candidates through LiteLLM, and once LiteLLM fails, their models around it. */
export class AttemptQueue {
  /** Why the first choice was left; null: it was not. */
  leftBecause: FallbackReason | null;
  /** Candidates left out because their breaker is open. */
  skipped = 0;
  skippedRetryAfterMs: number | null = null;
  hasFoundWayAround = false;
  private isLitellmOut = false;
  /** What a failure has brought up, before the plan goes on. */
  private readonly ahead: PlannedAttempt[] = [];
  private modelsAround: Set<string> | null = null;
  private triedCredentials: Set<string> | null = null;

  constructor(private readonly dependencies: AttemptQueueDependencies) {
    // What was asked for has no candidate, and the cascade is tried instead.
    this.leftBecause = reasonOf(dependencies.plan.refusal);
  }

  /** The caller makes the attempt and tells the breaker of its end: a probe that nobody ends would block its breaker. */
  next(): PlannedAttempt | null | Promise<PlannedAttempt | null> {
    const { plan, takesDetour } = this.dependencies;
    for (;;) {
      const ahead = this.ahead.shift();
      if (ahead && this.isLetThrough(ahead)) return ahead;
      if (ahead) continue;
      const candidate = plan.next();
      if (!candidate) return null;
      const attempt = throughLitellm(candidate);
      if (this.isLitellmOut) return this.nextAround(attempt);
      if (takesDetour()) return this.nextByDetour(attempt);
      const found = this.throughBreaker(attempt);
      if (found) return found;
    }
  }

  private async nextAround({ model, isCrossVendor }: PlannedAttempt): Promise<PlannedAttempt | null> {
    await this.goAround(model, isCrossVendor);
    return this.next();
  }

  private async nextByDetour(attempt: PlannedAttempt): Promise<PlannedAttempt | null> {
    if (await this.detour(attempt)) return this.next();
    return this.throughBreaker(attempt) ?? this.next();
  }

  /** @returns null where its breaker is open and the plan goes on */
  private throughBreaker(attempt: PlannedAttempt): PlannedAttempt | null | Promise<PlannedAttempt | null> {
    if (this.isLetThrough(attempt)) return attempt;
    if (this.dependencies.isLitellmDown()) return this.nextAround(attempt);
    this.takeOtherCredential(attempt, false);
    return null;
  }

  /** Whether anybody could follow, as far as the plan goes. */
  hasMore(): boolean {
    return this.ahead.length > 0 || this.dependencies.plan.hasCandidates();
  }

  leave(reason: FallbackReason): void {
    this.leftBecause ??= reason;
  }

  isAskedModel({ model }: PlannedAttempt): boolean {
    return model === this.dependencies.plan.model;
  }

  /** Of a level or a group nobody named the model, so that another one may take what is too long for this one. */
  isOnlyForThisModel({ isTooLong = false }: AttemptFailure): boolean {
    return isTooLong && this.dependencies.plan.isOfPool;
  }

  /** Chooses what comes after a failure. */
  async noteFailure(planned: PlannedAttempt, failure: AttemptFailure): Promise<void> {
    const { route, model, isCrossVendor } = planned;
    const { reason, phase, ownMark, isTooLong } = failure;
    this.leave(isTooLong ? 'context_length' : reason);
    if (isOfCredential(reason)) this.takeOtherCredential(planned, reason !== 'rate_limited');
    if (!isLitellmTrouble({ route, reason })) return;
    const isOut = phase === 'not_sent' || ownMark === contextMark;
    if (isOut || this.dependencies.isLitellmDown()) this.isLitellmOut = true;
    await this.goAround(model, isCrossVendor);
  }

  /** @param isDead else the platform does not step in for a key that is only busy: that would move money for a moment's trouble */
  private takeOtherCredential({ candidate }: PlannedAttempt, isDead: boolean): void {
    if (!candidate?.credential) return;
    this.triedCredentials ??= new Set();
    this.triedCredentials.add(candidate.credential.id);
    const other = this.dependencies.plan.withOtherCredential(candidate, this.triedCredentials);
    if (!other) return;
    const doesPlatformStepIn =
      other.credential?.owner === 'platform' && candidate.credential.owner !== 'platform';
    if (isDead || !doesPlatformStepIn) this.ahead.push(throughLitellm(other));
  }

  private isLetThrough({ breaker }: PlannedAttempt): boolean {
    if (breaker === null) return true;
    const { breakers } = this.dependencies;
    if (breakers.verdict(breaker) !== 'open') return true;
    this.leave('breaker_open');
    this.skipped += 1;
    const retryAfterMs = breakers.retryAfterMs(breaker);
    if (retryAfterMs !== null)
      this.skippedRetryAfterMs = Math.min(retryAfterMs, this.skippedRetryAfterMs ?? retryAfterMs);
    return false;
  }

  /** The ways around come first, LiteLLM last. @returns false where there are none */
  private async detour(attempt: PlannedAttempt): Promise<boolean> {
    const before = this.ahead.length;
    await this.goAround(attempt.model, attempt.isCrossVendor);
    if (this.ahead.length === before) return false;
    this.leave('litellm_down');
    this.ahead.push(attempt);
    return true;
  }

  /** A model's deployments lie behind LiteLLM; around it there is one list of ways for all of them. */
  private async goAround(model: string, isCrossVendor: boolean): Promise<void> {
    this.modelsAround ??= new Set();
    if (this.modelsAround.has(model)) return;
    this.modelsAround.add(model);
    const targets = await this.dependencies.targetsOf(model);
    this.hasFoundWayAround ||= targets.length > 0;
    this.ahead.push(...targets.map((target) => aroundLitellm(target, isCrossVendor)));
  }
}
