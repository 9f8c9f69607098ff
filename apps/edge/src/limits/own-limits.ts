import { LimitCounter, limitShare, limitWindows } from '@signalbox/gateway';
import { type LimitedSubject, parallelIndex } from './limited-subjects';
import type { LimitedRequest, Refused, Verdict, WindowState } from './verdict';

/** This edge's place among those that live. */
export interface EdgeShare {
  readonly edgeCount: number;
  readonly rank: number;
}

/** For how long a refusal of Redis is repeated without asking again. An operator may have raised or cleared something. */
const repeatForMs = 1_000;

interface Full {
  readonly subject: LimitedSubject;
  readonly limitIndex: number;
  readonly learnedAtMs: number;
  readonly untilMs: number;
}

class OwnSubject {
  readonly counters: (LimitCounter | null)[];
  running = 0;
  full: Full | null = null;

  constructor(private subject: LimitedSubject) {
    this.counters = limitWindows.map((window, index) =>
      (subject.limits[index] ?? -1) === -1 ? null : new LimitCounter(window),
    );
  }

  /** A window that got a limit only now counts from now on. */
  widen(subject: LimitedSubject): void {
    if (subject === this.subject) return;
    this.subject = subject;
    limitWindows.forEach((window, index) => {
      if ((subject.limits[index] ?? -1) !== -1) this.counters[index] ??= new LimitCounter(window);
    });
  }

  isIdle(nowMs: number): boolean {
    if (this.running > 0 || (this.full?.untilMs ?? 0) > nowMs) return false;
    return this.counters.every((counter) => !counter || counter.sum(nowMs) === 0);
  }
}

function costOf(index: number, request: LimitedRequest): number {
  return limitWindows[index]?.counts === 'tokens' ? request.tokens : 1;
}

/**
 * What this edge itself has admitted. It is kept all the time, so that it is there at the moment when Redis is not: then each
 * edge keeps to its share of every limit, and so all of them together to the limit.
 */
export class OwnLimits {
  private readonly subjects = new Map<string, OwnSubject>();

  /** @returns the refusal of a moment ago, if nothing can have changed it: so who keeps on asking costs Redis nothing */
  repeatedRefusal(request: LimitedRequest, nowMs: number): Refused | null {
    return this.fullOf(request, nowMs, repeatForMs);
  }

  /** Within the share of this edge. Counts nothing. */
  decide(request: LimitedRequest, share: EdgeShare, nowMs: number): Verdict {
    const full = this.fullOf(request, nowMs, Number.POSITIVE_INFINITY);
    if (full) return full;
    let refused: Refused | null = null;
    for (const subject of request.subjects) {
      const one = this.refusalOf(subject, request, share, nowMs);
      if (one && (!refused || (one.waitMs ?? Infinity) > (refused.waitMs ?? Infinity))) refused = one;
    }
    return refused ?? { isAdmitted: true, ...this.states(request, share, nowMs) };
  }

  count(request: LimitedRequest, atMs: number): void {
    for (const subject of request.subjects) {
      const own = this.of(subject);
      own.running += 1;
      const { counters } = own;
      for (let index = 0; index < counters.length; index += 1)
        counters[index]?.add(costOf(index, request), atMs, atMs);
    }
  }

  end(request: LimitedRequest): void {
    for (const { name } of request.subjects) {
      const own = this.subjects.get(name);
      if (own) own.running = Math.max(0, own.running - 1);
    }
  }

  correctTokens(subject: LimitedSubject, tokens: number, atMs: number, nowMs: number): void {
    this.subjects.get(subject.name)?.counters.forEach((counter, index) => {
      if (limitWindows[index]?.counts === 'tokens') counter?.add(tokens, atMs, nowMs);
    });
  }

  /** Redis has refused: until the window has room again nobody else needs to ask. */
  learn(refused: Refused): void {
    if (refused.reason === 'parallel' || refused.waitMs === null || refused.waitMs === 0) return;
    const { subject, limitIndex, atMs, waitMs } = refused;
    this.of(subject).full = { subject, limitIndex, learnedAtMs: atMs, untilMs: atMs + waitMs };
  }

  /** Subjects of which nothing is left cost no memory. */
  prune(nowMs: number): void {
    for (const [name, own] of this.subjects) if (own.isIdle(nowMs)) this.subjects.delete(name);
  }

  private of(subject: LimitedSubject): OwnSubject {
    let own = this.subjects.get(subject.name);
    if (!own) this.subjects.set(subject.name, (own = new OwnSubject(subject)));
    else own.widen(subject);
    return own;
  }

  private fullOf(request: LimitedRequest, nowMs: number, validForMs: number): Refused | null {
    for (const subject of request.subjects) {
      const full = this.subjects.get(subject.name)?.full;
      if (!full || full.subject !== subject || nowMs >= full.untilMs) continue;
      if (nowMs - full.learnedAtMs >= validForMs) continue;
      const { counts } = limitWindows[full.limitIndex] ?? {};
      // Tokens can be given back at any time, and a smaller request may fit.
      if (counts !== 'requests') continue;
      const waitMs = full.untilMs - nowMs;
      const state = { limit: subject.limits[full.limitIndex] ?? 0, remaining: 0, resetMs: waitMs };
      const { limitIndex } = full;
      return {
        isAdmitted: false,
        reason: 'requests',
        atMs: nowMs,
        subject,
        limitIndex,
        waitMs,
        requests: state,
        tokens: null,
      };
    }
    return null;
  }

  private refusalOf(
    subject: LimitedSubject,
    request: LimitedRequest,
    { edgeCount, rank }: EdgeShare,
    nowMs: number,
  ): Refused | null {
    const own = this.of(subject);
    let found: { limitIndex: number; waitMs: number | null } | null = null;
    for (const [index, counter] of own.counters.entries()) {
      const limit = subject.limits[index] ?? -1;
      if (!counter || limit === -1) continue;
      const share = limitShare(limit, edgeCount, rank);
      const cost = costOf(index, request);
      if (counter.sum(nowMs) + cost <= share) continue;
      const waitMs = cost > limit ? null : Math.max(1, counter.waitMs(share, cost, nowMs));
      if (!found || (found.waitMs !== null && (waitMs === null || waitMs > found.waitMs)))
        found = { limitIndex: index, waitMs };
    }
    const parallel = subject.limits[parallelIndex] ?? -1;
    if (!found && parallel !== -1 && own.running >= limitShare(parallel, edgeCount, rank))
      found = { limitIndex: parallelIndex, waitMs: parallel === 0 ? null : 0 };
    if (!found) return null;
    const reason = limitWindows[found.limitIndex]?.counts ?? 'parallel';
    return {
      isAdmitted: false,
      reason,
      subject,
      ...found,
      ...this.states(request, { edgeCount, rank }, nowMs),
    };
  }

  private states(
    request: LimitedRequest,
    { edgeCount, rank }: EdgeShare,
    nowMs: number,
  ): { atMs: number; requests: WindowState | null; tokens: WindowState | null } {
    const states: { requests: WindowState | null; tokens: WindowState | null } = {
      requests: null,
      tokens: null,
    };
    for (const subject of request.subjects) {
      this.of(subject).counters.forEach((counter, index) => {
        const { counts } = limitWindows[index] ?? {};
        const limit = limitShare(subject.limits[index] ?? -1, edgeCount, rank);
        if (!counter || !counts || limit < 0) return;
        const remaining = Math.max(0, limit - counter.sum(nowMs));
        const best = states[counts];
        if (!best || remaining < best.remaining)
          states[counts] = { limit, remaining, resetMs: counter.resetMs(nowMs) };
      });
    }
    return { atMs: nowMs, ...states };
  }
}
