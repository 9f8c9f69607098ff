import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '@signalbox/common';
import {
  isClientError,
  isFaultOfProvider,
  isLitellmTrouble,
  type RoutingPolicy,
  type UsageAttempt,
} from '@signalbox/gateway';
import type { AttemptFailure, ReadyAnswer } from '../answer/answer-start';
import type { AttemptResult, Breakers } from '../breakers/breakers';
import type { PerformanceNotes } from '../performance/performance-exchange';
import type { AttemptQueue } from './attempt-queue';
import type { AttemptSender, RequestCall, RunningAttempt } from './attempt-sender';
import type { FallbackReason, PlannedAttempt } from './planned-attempt';
import { attemptTimeoutMs, leastAttemptMs, type TimeLimits } from './time-limits';

export interface FailoverDependencies {
  sender: AttemptSender;
  breakers: Breakers;
  performance: PerformanceNotes;
  clock: Clock;
}

export interface FoundAnswer {
  readonly kind: 'good';
  readonly running: RunningAttempt;
  readonly answer: ReadyAnswer;
  /** Its line in the usage event, whose duration ends with the answer. */
  readonly line: UsageAttempt;
}

export interface FailedCall {
  readonly planned: PlannedAttempt;
  readonly failure: AttemptFailure;
}

type Ended =
  | FoundAnswer
  | { readonly kind: 'failed'; readonly call: FailedCall }
  /** There was no key to call with, or the attempt was given up. */
  | { readonly kind: 'nothing' }
  /** Nobody else is to be tried. */
  | { readonly kind: 'over' };

/** Another attempt was faster. */
class Outrun extends Error {
  /** @param hadStart it was begun before the one that won, so it is as slow as that at least */
  constructor(readonly hadStart: boolean) {
    super('another attempt was faster');
  }
}

/** In place of a reason in the usage event: we have ended it ourselves. */
const abandoned = 'abandoned';

/** Less time than that says nothing about the provider. */
function fairMsOf({ credential }: PlannedAttempt, { fairMs, sharedFairMs }: TimeLimits): number {
  const isOwn = credential !== null && credential.owner !== 'platform';
  return isOwn ? fairMs : Math.max(fairMs, sharedFairMs);
}

/** Attempt after attempt until one answers. Nothing of an answer has reached the client before `find` ends. */
export class FailoverRun {
  readonly failures: FailedCall[] = [];
  /** For the usage event: calls that a provider may have seen. */
  readonly lines: UsageAttempt[] = [];
  isTimeOver = false;
  private begun = 0;
  private readonly running = new Set<RunningAttempt>();
  private abortReason: Error | null = null;
  private hasHedged = false;

  constructor(
    private readonly dependencies: FailoverDependencies,
    private readonly call: RequestCall,
    private readonly queue: AttemptQueue,
    private readonly policy: RoutingPolicy,
  ) {}

  /** Calls that a provider may have seen; the limit is on these. */
  get attempts(): number {
    return this.begun;
  }

  /** Ends all that is under way; `find` then rejects with the reason. */
  abort(reason: Error): void {
    this.abortReason ??= reason;
    for (const running of this.running) running.abort(reason);
  }

  /** @returns null when nobody answered; `failures` then says why */
  async find(): Promise<FoundAnswer | null> {
    for (;;) {
      const running = await this.begin(null);
      if (!running) return null;
      const { hedge_after_ms: hedgeAfterMs } = this.policy;
      const ended = await (hedgeAfterMs === null || this.hasHedged
        ? this.end(running)
        : this.hedged(running, hedgeAfterMs));
      if (this.abortReason) {
        if (ended.kind === 'good') ended.answer.discard();
        throw this.abortReason;
      }
      if (ended.kind === 'good') return ended;
      if (await this.isOver(ended)) return null;
    }
  }

  private async begin(because: FallbackReason | null): Promise<RunningAttempt | null> {
    if (this.abortReason) throw this.abortReason;
    if (this.begun >= this.policy.attempt_limit) return null;
    const planned = await this.queue.next();
    if (!planned) return null;
    const { clock, sender } = this.dependencies;
    const { times } = this.call;
    if (this.abortReason || times.deadlineMs - clock.nowMs() < leastAttemptMs) {
      this.isTimeOver = true;
      this.tellBreaker(planned, abandoned);
      if (this.abortReason) throw this.abortReason;
      return null;
    }
    this.begun += 1;
    const isLast = this.begun >= this.policy.attempt_limit || !this.queue.hasMore();
    const running = sender.begin(this.call, {
      planned,
      because: this.queue.leftBecause ?? because,
      isLast,
      isHurried: attemptTimeoutMs(times, clock.nowMs(), isLast) < fairMsOf(planned, times),
    });
    this.running.add(running);
    return running;
  }

  /** Never rejects: of several attempts only the first one to end is waited for. */
  private async end(running: RunningAttempt): Promise<Ended> {
    const { planned } = running.begun;
    try {
      const start = await running.start;
      if (start?.kind === 'good') {
        this.tellBreaker(planned, { failure: null, retryAfterMs: null });
        const { answer } = start;
        this.notePerformance(running, false, answer.isSilent);
        return { kind: 'good', running, answer, line: this.addLine(running, answer.status, null) };
      }
      this.running.delete(running);
      if (start) return this.fail(running, start.failure);
      this.begun -= 1;
      this.queue.leave('credential_refused');
      this.tellBreaker(planned, abandoned);
    } catch (error) {
      this.running.delete(running);
      this.tellBreaker(planned, abandoned);
      this.addLine(running, null, abandoned);
      if (!(error instanceof Outrun)) this.abort(error as Error);
      // Else one that is always outrun would never be known to be slow.
      else if (error.hadStart && this.call.times.isStream) this.notePerformance(running, false);
    }
    return { kind: 'nothing' };
  }

  private fail(running: RunningAttempt, failure: AttemptFailure): Ended {
    const { planned, isHurried } = running.begun;
    const { reason, phase, status, retryAfterMs } = failure;
    const isOfLitellm = isLitellmTrouble({ route: planned.route, reason });
    // Else a few impatient clients could close a provider for everybody.
    const isOfClient = isHurried && reason === 'first_byte_timeout';
    this.tellBreaker(planned, isOfLitellm || isOfClient ? abandoned : { failure: reason, retryAfterMs });
    if (!isOfClient && isFaultOfProvider({ route: planned.route, reason }))
      this.notePerformance(running, true);
    // LiteLLM was not there, so no provider has seen the call.
    if (isOfLitellm && phase === 'not_sent') this.begun -= 1;
    else this.addLine(running, status, reason);
    return { kind: 'failed', call: { planned, failure } };
  }

  /** Takes a failure into account. */
  private async isOver(ended: Exclude<Ended, FoundAnswer>): Promise<boolean> {
    if (ended.kind !== 'failed') return ended.kind === 'over';
    const { planned, failure } = ended.call;
    this.failures.push(ended.call);
    const { reason } = failure;
    const isAskedModel = this.queue.isAskedModel(planned);
    if (isClientError({ reason, isAskedModel }) && !this.queue.isOnlyForThisModel(failure)) return true;
    await this.queue.noteFailure(planned, failure);
    return false;
  }

  /** When the first attempt takes long, the next one is begun beside it; the first good answer counts. */
  private async hedged(first: RunningAttempt, afterMs: number): Promise<Ended> {
    const firstEnd = this.end(first);
    const timer = new AbortController();
    const timeUp = wait(afterMs, null, { signal: timer.signal }).catch(() => null);
    const early = await Promise.race([firstEnd, timeUp]);
    timer.abort();
    if (early) return early;
    this.hasHedged = true;
    const second = await this.begin('hedged').catch(() => null);
    if (!second) return firstEnd;
    return this.fasterOf([first, firstEnd], [second, this.end(second)]);
  }

  private async fasterOf(
    ...[left, right]: [[RunningAttempt, Promise<Ended>], [RunningAttempt, Promise<Ended>]]
  ): Promise<Ended> {
    const [winner, loser] = await Promise.race([
      left[1].then((ended) => [ended, right] as const),
      right[1].then((ended) => [ended, left] as const),
    ]);
    const [losing, losersEnd] = loser;
    if (winner.kind !== 'good' && !(await this.isOver(winner))) return losersEnd;
    losing.abort(new Outrun(winner.kind === 'good' && losing === left[0]));
    // It may have been good at the same moment.
    void losersEnd.then((ended) => ended.kind === 'good' && ended.answer.discard());
    return winner.kind === 'good' ? winner : { kind: 'over' };
  }

  private tellBreaker({ breaker }: PlannedAttempt, result: AttemptResult | typeof abandoned): void {
    if (breaker !== null) this.dependencies.breakers.note(breaker, result);
  }

  /** @param isSilent its first token is still to come */
  private notePerformance(
    { begun: { planned }, startedAtMs }: RunningAttempt,
    hasFailed: boolean,
    isSilent = false,
  ): void {
    const { performance, clock } = this.dependencies;
    if (planned.measuredAs === null) return;
    // The first byte of an answer in one piece comes with its last token.
    const isFirstTokenKnown = !hasFailed && !isSilent && this.call.times.isStream;
    const firstByteMs = isFirstTokenKnown ? Math.max(clock.nowMs() - startedAtMs, 0) : null;
    performance.note(planned.measuredAs, { firstByteMs, hasFailed });
  }

  private addLine(
    { begun: { planned }, startedAtMs }: RunningAttempt,
    status: number | null,
    failure: string | null,
  ): UsageAttempt {
    const line: UsageAttempt = {
      route: planned.route,
      model: planned.model,
      provider: planned.provider,
      deployment_id: planned.deploymentId,
      credential_id: planned.credential?.id ?? null,
      status,
      failure,
      started_at_ms: startedAtMs,
      duration_ms: Math.max(this.dependencies.clock.nowMs() - startedAtMs, 0),
    };
    this.lines.push(line);
    return line;
  }
}
