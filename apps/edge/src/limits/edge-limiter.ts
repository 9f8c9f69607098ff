import type { Clock, Logger } from '@signalbox/common';
import { finestBucketMs } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import { Advances, type Ahead } from './advances';
import { limitHeaders, limitRefusal } from './limit-answers';
import { type LimitedSubject, limitedSubjects } from './limited-subjects';
import { type Admission, type LimitedCall, type Limiter, unlimitedAdmission } from './limiter';
import { ScriptRunner } from './limits-call';
import { LimitsJournal } from './limits-journal';
import { LiveEdges } from './live-edges';
import { type EdgeShare, OwnLimits } from './own-limits';
import { SharedLimits, type Undecided } from './shared-limits';
import type { Admitted, LimitedRequest, Verdict } from './verdict';

const renewEveryMs = 20_000;
const pruneEveryMs = 60_000;

export interface EdgeLimiterDependencies {
  redis: Redis;
  prefix: string;
  edgeId: string;
  /** Processes of this machine that share its limits, as long as Redis was never asked how many edges live. */
  leastEdges: number;
  metrics: EdgeMetrics;
  clock: Clock;
  logger: Logger;
  script?: ScriptRunner;
}

interface Decision {
  verdict: Verdict;
  isLocal: boolean;
}

interface Running {
  readonly request: LimitedRequest;
  /** Whether Redis holds slots for it. */
  isTold: boolean;
}

/** Step 4. All edges count together in Redis; without it each keeps to its share of every limit. */
export class EdgeLimiter implements Limiter {
  private readonly own = new OwnLimits();
  private readonly journal = new LimitsJournal();
  private readonly advances = new Advances((subjects, atMs, count, tokens) => {
    this.correct(subjects, atMs, -count, -tokens);
    this.shared.tellSoon(false);
  });
  private readonly shared: SharedLimits;
  private readonly edges: LiveEdges;
  /** Running requests whose slots have to be renewed. */
  private readonly running = new Map<string, Running>();
  private timers: NodeJS.Timeout[] = [];

  constructor({
    redis,
    prefix,
    edgeId,
    leastEdges,
    metrics,
    clock,
    logger,
    script,
  }: EdgeLimiterDependencies) {
    this.edges = new LiveEdges(redis, prefix, edgeId, logger, leastEdges);
    this.shared = new SharedLimits({
      redis,
      prefix,
      script: script ?? new ScriptRunner(redis),
      journal: this.journal,
      clock,
      logger,
      onChange: (isUp) => {
        metrics.limitsAreLocal(!isUp);
        // Those that began since the journal was read.
        if (isUp) this.renew();
      },
      beforeReturn: () => this.tellRunning(),
    });
  }

  start(): void {
    this.edges.start();
    this.shared.start();
    this.timers = [
      setInterval(() => this.renew(), renewEveryMs).unref(),
      setInterval(() => this.own.prune(this.shared.nowMs()), pruneEveryMs).unref(),
      setInterval(() => this.advances.tidy(this.shared.nowMs()), finestBucketMs).unref(),
    ];
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.edges.close();
    this.advances.tidy(Infinity);
    await this.shared.close();
  }

  /** Whether each edge counts alone just now. */
  get isLocal(): boolean {
    return !this.shared.isUp;
  }

  get share(): EdgeShare {
    return this.edges.share();
  }

  admit(call: LimitedCall): Admission | Promise<Admission> {
    const subjects = limitedSubjects(call);
    if (subjects.length === 0) return unlimitedAdmission;
    const tokens = Math.max(1, Math.ceil(call.estimatedTokens));
    const request = { id: call.requestId, count: 1, tokens, subjects, dialect: call.dialect ?? 'openai' };
    if (!this.shared.isUp) return this.answer(request, this.decideAlone(request), true);
    const ahead = this.advances.take(request, this.shared.nowMs());
    if (ahead) {
      this.count(request, ahead.atMs, true);
      return this.answer(request, ahead, false);
    }
    const repeated = this.own.repeatedRefusal(request, this.shared.nowMs());
    if (repeated) return this.answer(request, repeated, false);
    return this.decideTogether(request).then(({ verdict, isLocal }) =>
      this.answer(request, verdict, isLocal),
    );
  }

  private decideTogether(request: LimitedRequest): Promise<Decision> {
    return new Promise((resolve) => {
      const decided = (verdict: Verdict): void => {
        if (verdict.isAdmitted) {
          this.count(request, verdict.atMs, true);
          this.askAhead(request, verdict);
        } else this.own.learn(verdict);
        resolve({ verdict, isLocal: false });
      };
      const undecided = (): Undecided => {
        const alone = this.decideAlone(request);
        resolve({ verdict: alone, isLocal: true });
        return { decidedLate: (verdict) => this.takeBackOneOf(request, alone, verdict) };
      };
      this.shared.decide(request, decided, undecided);
    });
  }

  /** For those who are about to come, by what came lately. */
  private askAhead(request: LimitedRequest, verdict: Admitted): void {
    const ahead = this.advances.wanted(request, verdict, this.shared.nowMs());
    if (!ahead) return;
    const { subjects, dialect } = request;
    const answered = (given: Verdict | null): void =>
      this.advances.answered(subjects, ahead, given?.isAdmitted ? given : null, this.shared.nowMs());
    this.shared.decide({ id: '', ...ahead, subjects, dialect }, answered, () => {
      answered(null);
      return { decidedLate: (late) => this.giveBackLate(subjects, ahead, late) };
    });
  }

  private giveBackLate(subjects: readonly LimitedSubject[], { count, tokens }: Ahead, late: Verdict): void {
    if (late.isAdmitted) this.correct(subjects, late.atMs, -count, -tokens);
  }

  private count(request: LimitedRequest, atMs: number, isTold: boolean): void {
    this.own.count(request, atMs);
    if (request.subjects.some(({ hasParallel }) => hasParallel))
      this.running.set(request.id, { request, isTold });
  }

  /** What is admitted here is told to Redis when it is back. */
  private decideAlone(request: LimitedRequest): Verdict {
    const verdict = this.own.decide(request, this.edges.share(), this.shared.nowMs());
    if (!verdict.isAdmitted) return verdict;
    this.count(request, verdict.atMs, false);
    this.correct(request.subjects, verdict.atMs, 1, request.tokens);
    return verdict;
  }

  /** Redis has counted after all what was then decided here: once is enough, and what was refused here counts nowhere. */
  private takeBackOneOf(request: LimitedRequest, alone: Verdict, late: Verdict): void {
    if (!late.isAdmitted) return;
    this.correct(request.subjects, alone.isAdmitted ? alone.atMs : late.atMs, -1, -request.tokens);
    const running = this.running.get(request.id);
    if (running) running.isTold = true;
    else this.tellEnd(request);
  }

  private correct(subjects: readonly LimitedSubject[], atMs: number, requests: number, tokens: number): void {
    for (const subject of subjects)
      if (subject.hasWindows) this.journal.correct(subject, atMs, requests, tokens);
  }

  private tellEnd({ id, subjects }: LimitedRequest): void {
    for (const subject of subjects) if (subject.hasParallel) this.journal.end(subject, id);
  }

  private answer(request: LimitedRequest, verdict: Verdict, isLocal: boolean): Admission {
    if (!verdict.isAdmitted) throw limitRefusal(verdict, request, isLocal);
    let isSettled = false;
    return {
      headers: limitHeaders(verdict, request.dialect, isLocal),
      settle: (tokens) => {
        if (isSettled) return;
        isSettled = true;
        this.settle(request, verdict.atMs, tokens);
      },
    };
  }

  private settle(request: LimitedRequest, atMs: number, tokens: number | null): void {
    this.own.end(request);
    const hasSlots = this.running.get(request.id)?.isTold ?? false;
    this.running.delete(request.id);
    const more = tokens === null ? 0 : Math.max(0, Math.ceil(tokens)) - request.tokens;
    if (more !== 0) this.correctTokens(request, atMs, more);
    if (hasSlots) this.tellEnd(request);
    if (hasSlots || more !== 0) this.shared.tellSoon(hasSlots);
  }

  private correctTokens(request: LimitedRequest, atMs: number, tokens: number): void {
    for (const subject of request.subjects) {
      if (!subject.countsTokens) continue;
      this.own.correctTokens(subject, tokens, atMs, this.shared.nowMs());
      this.journal.correct(subject, atMs, 0, tokens);
    }
  }

  /** A slot that nobody renews frees itself: so those of an edge that crashed do. */
  private renew(): void {
    if (!this.shared.isUp || this.running.size === 0) return;
    this.tellRunning();
    this.shared.tellSoon(true);
  }

  private tellRunning(): void {
    for (const running of this.running.values()) {
      const { id, subjects } = running.request;
      for (const subject of subjects) if (subject.hasParallel) this.journal.run(subject, id);
      running.isTold = true;
    }
  }
}
