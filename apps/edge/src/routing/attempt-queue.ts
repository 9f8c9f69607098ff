import { type AttemptPlan, isLitellmTrouble } from '@signalbox/gateway';
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
  private around: PlannedAttempt[] = [];
  private modelsAround: Set<string> | null = null;

  constructor(private readonly dependencies: AttemptQueueDependencies) {
    // The model that was asked for has no usable key, and the cascade is tried instead.
    this.leftBecause = dependencies.plan.refusal === null ? null : 'credential_refused';
  }

  /** The caller makes the attempt and tells the breaker of its end: a probe that nobody ends would block its breaker. */
  async next(): Promise<PlannedAttempt | null> {
    const { plan } = this.dependencies;
    for (;;) {
      const target = this.around.shift();
      if (target) {
        if (this.isLetThrough(target)) return target;
        continue;
      }
      const candidate = plan.next();
      if (!candidate) return null;
      if (this.isLitellmOut) {
        await this.goAround(candidate.model, candidate.isCrossVendor);
        continue;
      }
      const attempt = throughLitellm(candidate);
      if (this.isLetThrough(attempt)) return attempt;
    }
  }

  /** Whether anybody could follow, as far as the plan goes. */
  hasMore(): boolean {
    return this.around.length > 0 || this.dependencies.plan.hasCandidates();
  }

  leave(reason: FallbackReason): void {
    this.leftBecause ??= reason;
  }

  /** Chooses what comes after a failure. */
  async noteFailure({ route, model, isCrossVendor }: PlannedAttempt, failure: AttemptFailure): Promise<void> {
    this.leave(failure.reason);
    const failed = { route, reason: failure.reason };
    if (!isLitellmTrouble(failed)) return;
    const isOut = failure.phase === 'not_sent' || failure.ownMark === contextMark;
    if (isOut || this.dependencies.isLitellmDown()) this.isLitellmOut = true;
    await this.goAround(model, isCrossVendor);
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

  /** A model's deployments lie behind LiteLLM; around it there is one list of ways for all of them. */
  private async goAround(model: string, isCrossVendor: boolean): Promise<void> {
    this.modelsAround ??= new Set();
    if (this.modelsAround.has(model)) return;
    this.modelsAround.add(model);
    const targets = await this.dependencies.targetsOf(model);
    this.hasFoundWayAround ||= targets.length > 0;
    this.around.push(...targets.map((target) => aroundLitellm(target, isCrossVendor)));
  }
}
