import type { Clock, Logger } from '@signalbox/common';
import type { Redis } from 'ioredis';
import { buildLimitsCall, readVerdicts, type ScriptRunner } from './limits-call';
import { type JournalPage, journalPageLimit, type LimitsJournal } from './limits-journal';
import type { LimitedRequest, Verdict } from './verdict';

/** Slower than this, Redis is as good as away. */
const answerLimitMs = 1_000;
const probeEveryMs = 250;
const corrections = { waitMs: 20, atOnceFrom: 100 } as const;
/** More calls at the same time would only be smaller ones. */
const callsAtOnce = 2;
const requestsPerCall = 500;

/** What becomes of a request that Redis did not decide in time. */
export interface Undecided {
  /** Redis did decide, later. */
  decidedLate(verdict: Verdict): void;
}

interface Waiting {
  readonly request: LimitedRequest;
  readonly decided: (verdict: Verdict) => void;
  readonly undecided: () => Undecided;
}

export interface SharedLimitsDependencies {
  redis: Redis;
  prefix: string;
  script: ScriptRunner;
  journal: LimitsJournal;
  clock: Clock;
  logger: Logger;
  /** Puts into the journal what is to be known before Redis decides again. */
  beforeReturn: () => void;
  /** Also at the start. */
  onChange: (isUp: boolean) => void;
}

/**
 * Limits that all edges count together, in Redis. While a call is under way, what arrives in the same turn of the event loop goes
 * in one call, with everything that is to be told besides. Without an answer in time the link is down: the caller decides alone,
 * and here Redis is asked again and again, until it has taken what it missed.
 */
export class SharedLimits {
  private queue: Waiting[] = [];
  private isTurnAwaited = false;
  /** Something in the journal is not to wait for the next request. */
  private isTellingUrgent = false;
  private calls = 0;
  private up = false;
  private offsetMs = 0;
  private isProbing = false;
  private isClosed = false;
  private tellTimer: NodeJS.Timeout | null = null;
  private probeTimer: NodeJS.Timeout | null = null;
  private readonly takeTurn = (): void => {
    this.isTurnAwaited = false;
    this.callAsFarAsAllowed();
  };
  private readonly onReady = (): void => void this.probe();
  private readonly onLost = (): void => this.goDown('the connection was closed');

  constructor(private readonly dependencies: SharedLimitsDependencies) {}

  start(): void {
    const { redis, onChange } = this.dependencies;
    redis.on('ready', this.onReady).on('close', this.onLost);
    this.probeTimer = setInterval(() => void this.probe(), probeEveryMs).unref();
    onChange(false);
    void this.probe();
  }

  /** Tells what is left to tell. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.probeTimer) clearInterval(this.probeTimer);
    if (this.tellTimer) clearTimeout(this.tellTimer);
    const { redis, journal } = this.dependencies;
    redis.off('ready', this.onReady).off('close', this.onLost);
    for (let more = true; more && this.up && journal.size > 0;) more = await this.call([]);
  }

  get isUp(): boolean {
    return this.up;
  }

  /** The time of Redis, as far as it is known here. */
  nowMs(): number {
    return this.dependencies.clock.nowMs() + this.offsetMs;
  }

  /** Exactly one of the two is called. */
  decide(request: LimitedRequest, decided: (verdict: Verdict) => void, undecided: () => Undecided): void {
    this.queue.push({ request, decided, undecided });
    if (this.calls === 0 && !this.isTurnAwaited) this.callWhenTold();
    else this.awaitTurn();
  }

  /** Nothing is under way: whoever comes now does not wait for what else this turn of the event loop may bring. */
  private callWhenTold(): void {
    this.isTurnAwaited = true;
    process.nextTick(this.takeTurn);
  }

  /** There is something new in the journal. @param isUrgent somebody may be waiting for the slot that was given back */
  tellSoon(isUrgent: boolean): void {
    if (!this.up || this.isClosed) return;
    this.isTellingUrgent ||= isUrgent || this.dependencies.journal.size >= corrections.atOnceFrom;
    if (this.isTellingUrgent) return this.awaitTurn();
    this.tellTimer ??= setTimeout(() => {
      this.tellTimer = null;
      if (this.dependencies.journal.size > 0) this.awaitTurn();
    }, corrections.waitMs).unref();
  }

  private awaitTurn(): void {
    if (this.isTurnAwaited) return;
    this.isTurnAwaited = true;
    setImmediate(this.takeTurn);
  }

  private callAsFarAsAllowed(): void {
    const { journal } = this.dependencies;
    while (this.calls < callsAtOnce && (this.queue.length > 0 || (this.up && journal.size > 0))) {
      const waiting = this.queue.splice(0, requestsPerCall);
      if (this.up) void this.call(waiting);
      else for (const one of waiting) one.undecided();
    }
  }

  /** @returns whether it was answered in time */
  private async call(waiting: readonly Waiting[]): Promise<boolean> {
    const { redis, prefix, script, journal } = this.dependencies;
    if (redis.status !== 'ready') {
      this.goDown('it is not connected');
      for (const one of waiting) one.undecided();
      return false;
    }
    const page = journal.takePage();
    this.isTellingUrgent = false;
    const call = buildLimitsCall(
      prefix,
      waiting.map(({ request }) => request),
      page,
    );
    this.calls += 1;
    const running = script.run(call);
    try {
      const answer = await inTime(running);
      this.offsetMs = (answer[0] ?? 0) - this.dependencies.clock.nowMs();
      readVerdicts(call, answer).forEach((verdict, index) => waiting[index]?.decided(verdict));
      return true;
    } catch (error) {
      this.goDown(error instanceof Error ? error.message : 'unknown');
      this.decideElsewhere(
        waiting,
        page,
        running.then((answer) => readVerdicts(call, answer)),
      );
      return false;
    } finally {
      this.calls -= 1;
      if (this.queue.length > 0 || this.isTellingUrgent) this.awaitTurn();
      // A call for each correction would keep the requests waiting that come meanwhile.
      else if (journal.size > 0) this.tellSoon(false);
    }
  }

  private decideElsewhere(waiting: readonly Waiting[], page: JournalPage, late: Promise<Verdict[]>): void {
    const takeBack = this.dependencies.journal.putBackUncertain(page);
    const undecided = waiting.map((one) => one.undecided());
    late.then(
      (verdicts) => {
        takeBack();
        verdicts.forEach((verdict, index) => undecided[index]?.decidedLate(verdict));
      },
      () => undefined,
    );
  }

  private goDown(reason: string): void {
    if (!this.up) return;
    this.up = false;
    this.dependencies.logger.warn('limits are kept by this edge alone: Redis does not answer', { reason });
    this.dependencies.onChange(false);
  }

  /** Only when Redis knows all that happened without it, it decides again. */
  private async probe(): Promise<void> {
    const { redis, journal, logger, beforeReturn, onChange } = this.dependencies;
    if (this.up || this.isProbing || this.isClosed || redis.status !== 'ready') return;
    this.isProbing = true;
    try {
      beforeReturn();
      while (await this.call([])) {
        // What is left goes with the first requests, before them.
        if (journal.size > journalPageLimit) continue;
        this.up = true;
        logger.info('limits are counted in Redis');
        onChange(true);
        return;
      }
    } finally {
      this.isProbing = false;
    }
  }
}

/** A timer can be due only because this process was busy: what has arrived meanwhile is read first. */
function inTime(answer: Promise<number[]>): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new Error(`no answer within ${answerLimitMs} ms`));
    const timer = setTimeout(() => setImmediate(() => setImmediate(tooLate)), answerLimitMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
