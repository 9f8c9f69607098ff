import { finestBucketMs } from '@signalbox/gateway';
import type { LimitedSubject } from './limited-subjects';
import type { Admitted, LimitedRequest, WindowState } from './verdict';

/** What Redis counted in one was used in the same one, so no window is ever passed. */
const bucketMs = finestBucketMs;
/** The clock of Redis is known here to a few milliseconds. */
const endMarginMs = 25;
/** Below it a call for each request is no burden. */
const leastCount = 8;
const mostCount = 500;
/** Of what is expected for the rest of the bucket: what is asked for too much is missing elsewhere for a moment. */
const expectedShare = 0.8;
/** Nothing is taken ahead where less than this is left of a limit, so that all of it can be used. */
const leastLeftShare = 0.2;
/** ... nor where so many edges could not take as much at the same moment. */
const edgesAtOnce = 20;

/** What Redis counted for this edge ahead of the requests. */
interface Credit {
  readonly atMs: number;
  readonly untilMs: number;
  readonly granted: Admitted;
  left: number;
  tokens: number;
}

interface Account {
  readonly subjects: readonly LimitedSubject[];
  bucket: number;
  /** Requests in this bucket, and in the one before. */
  arrived: number;
  arrivedBefore: number;
  isAsking: boolean;
  credit: Credit | null;
}

export interface Ahead {
  readonly count: number;
  readonly tokens: number;
}

type GiveBack = (subjects: readonly LimitedSubject[], atMs: number, count: number, tokens: number) => void;

function areSame(left: readonly LimitedSubject[], right: readonly LimitedSubject[]): boolean {
  return left.length === right.length && left.every((subject, index) => subject === right[index]);
}

function hasPlenty(state: WindowState | null, wanted: number): boolean {
  if (!state) return true;
  return state.remaining >= Math.max(state.limit * leastLeftShare, wanted * edgesAtOnce);
}

function plus(state: WindowState | null, more: number): WindowState | null {
  return state && { ...state, remaining: state.remaining + more };
}

/**
 * Room in the windows of busy callers that Redis has counted ahead of their requests, so that not each of them waits for Redis. It is
 * good for the bucket (250 ms) in which it was counted, and what is left of it goes back. So no window ever has more than its
 * limit, and near a limit each request is decided by Redis alone.
 */
export class Advances {
  /** By the first subject. */
  private readonly accounts = new Map<LimitedSubject, Account>();

  constructor(private readonly giveBack: GiveBack) {}

  /** @returns the verdict, if there is room that was counted already */
  take({ subjects, tokens }: LimitedRequest, nowMs: number): Admitted | null {
    const account = this.note(subjects, nowMs);
    const { credit } = account;
    if (!credit) return null;
    if (nowMs >= credit.untilMs || credit.left < 1) {
      this.close(account);
      return null;
    }
    if (credit.tokens < tokens) return null;
    credit.left -= 1;
    credit.tokens -= tokens;
    const { granted, left, atMs } = credit;
    return {
      isAdmitted: true,
      atMs,
      requests: plus(granted.requests, left),
      tokens: plus(granted.tokens, credit.tokens),
    };
  }

  /** What to ask for along with a request that Redis has just admitted; null: nothing. */
  wanted({ subjects, tokens }: LimitedRequest, verdict: Admitted, nowMs: number): Ahead | null {
    const account = this.accountOf(subjects);
    if (!account || account.isAsking || account.credit || subjects.some((one) => one.hasParallel))
      return null;
    const restMs = bucketMs - (nowMs % bucketMs) - endMarginMs;
    const expected = (account.arrivedBefore * restMs * expectedShare) / bucketMs;
    const count = Math.min(mostCount, Math.floor(expected));
    if (count < leastCount || !hasPlenty(verdict.requests, count)) return null;
    if (!hasPlenty(verdict.tokens, count * tokens)) return null;
    account.isAsking = true;
    return { count, tokens: count * tokens };
  }

  /** @param verdict null: refused, or Redis did not answer */
  answered(
    subjects: readonly LimitedSubject[],
    { count, tokens }: Ahead,
    verdict: Admitted | null,
    nowMs: number,
  ): void {
    const account = this.accountOf(subjects);
    if (account) account.isAsking = false;
    if (!verdict) return;
    const { atMs } = verdict;
    const untilMs = (Math.floor(atMs / bucketMs) + 1) * bucketMs - endMarginMs;
    if (!account || account.credit || nowMs >= untilMs) return this.giveBack(subjects, atMs, count, tokens);
    account.credit = { atMs, untilMs, granted: verdict, left: count, tokens };
  }

  /** Gives back what is over, and forgets who was not there for a while. Every bucket, and at the end. */
  tidy(nowMs: number): void {
    const bucket = Math.floor(nowMs / bucketMs);
    for (const [first, account] of this.accounts) {
      if (account.credit && nowMs >= account.credit.untilMs) this.close(account);
      if (!account.credit && !account.isAsking && bucket - account.bucket > 4) this.accounts.delete(first);
    }
  }

  private close(account: Account): void {
    const { credit } = account;
    account.credit = null;
    if (credit && (credit.left > 0 || credit.tokens > 0))
      this.giveBack(account.subjects, credit.atMs, credit.left, credit.tokens);
  }

  private accountOf(subjects: readonly LimitedSubject[]): Account | null {
    const account = this.accounts.get(subjects[0]!);
    return account && areSame(account.subjects, subjects) ? account : null;
  }

  /** Counts who comes. A caller whose limits were changed begins anew. */
  private note(subjects: readonly LimitedSubject[], nowMs: number): Account {
    const bucket = Math.floor(nowMs / bucketMs);
    const known = this.accountOf(subjects) ?? this.open(subjects, bucket);
    if (bucket !== known.bucket) {
      known.arrivedBefore = bucket === known.bucket + 1 ? known.arrived : 0;
      known.arrived = 0;
      known.bucket = bucket;
    }
    known.arrived += 1;
    return known;
  }

  private open(subjects: readonly LimitedSubject[], bucket: number): Account {
    const old = this.accounts.get(subjects[0]!);
    if (old) this.close(old);
    const account = { subjects, bucket, arrived: 0, arrivedBefore: 0, isAsking: false, credit: null };
    this.accounts.set(subjects[0]!, account);
    return account;
  }
}
