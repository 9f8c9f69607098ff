import type { Clock, Logger } from '@signalbox/common';
import {
  afterResult,
  beginProbe,
  type Breaker,
  type BreakerNews,
  type BreakerResult,
  breakerVerdict,
  closedBreaker,
  retryAfterOf,
  takeHint,
} from '@signalbox/gateway';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import { type BreakerBoard, unusedLeaseMs } from './breaker-board';
import type { AttemptResult, Breakers, BreakerVerdict } from './breakers';

/** Bounded, for names are made of what tenants create. */
const namesLimit = 10_000;
/** Of these oldest ones the first that is closed makes room; an open one knows more. */
const evictionCandidates = 16;
const tickMs = 50;
/** Another edge probes: its result will be told. Asking Redis at every call would be a call of its own. */
const deniedForMs = 250;

/** Nobody has called it since: it may not exist any more. */
const keptForMs = 900_000;

interface Entry {
  breaker: Breaker;
  changedAtMs: number;
  /** `granted`: the next call may be the probe. */
  lease: 'none' | 'asked' | 'granted';
  leaseAtMs: number;
  /** Somebody was turned away: worth preparing a probe for the end of the open time. */
  isWanted: boolean;
}

export interface SharedBreakersDependencies {
  board: BreakerBoard;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  metrics: EdgeMetrics;
  logger: Logger;
  namesLimit?: number;
}

/**
 * The breakers of this edge. Every decision is made here and now, from memory; what other edges have seen is taken over as it
 * comes, and of all edges one at a time probes, as long as Redis can say which (docs/adr/0014).
 */
export class SharedBreakers implements Breakers {
  private readonly entries = new Map<string, Entry>();
  private readonly troubled = new Map<string, Entry>();
  /** At the young end. */
  private youngest: { readonly name: string; readonly entry: Entry } | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly dependencies: SharedBreakersDependencies) {}

  start(): void {
    this.dependencies.board.start(
      (news) => this.hear(news),
      () => this.tellAll(),
    );
    this.timer = setInterval(() => this.tick(), tickMs).unref();
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.dependencies.board.close();
  }

  verdict(name: string): BreakerVerdict {
    const entry = this.troubled.get(name);
    if (!entry) return 'closed';
    const nowMs = this.dependencies.clock.nowMs();
    const verdict = breakerVerdict(entry.breaker, nowMs);
    if (verdict === 'closed') return 'closed';
    entry.isWanted = true;
    if (verdict === 'open') return 'open';
    if (entry.lease === 'granted' && this.isLeaseFresh(entry, unusedLeaseMs)) {
      return this.probe(name, entry, nowMs) ? 'probe' : 'open';
    }
    this.wantLease(name, entry);
    return 'open';
  }

  note(name: string, result: AttemptResult | 'abandoned'): void {
    const { clock, random } = this.dependencies;
    const entry = this.touch(name);
    const before = entry.breaker;
    const after = afterResult(before, toBreakerResult(result), clock.nowMs(), random);
    if (after === before) return;
    entry.breaker = after;
    if (before.kind === 'closed' && after.kind === 'closed') return;
    const isProbeLost = before.kind === 'half_open' && after.kind === 'open' && after.opens === before.opens;
    if (isProbeLost) return this.grant(entry);
    this.changed(name, entry, before);
    this.tell(name, entry);
  }

  openOnes(): ((name: string) => boolean) | null {
    if (this.troubled.size === 0) return null;
    const nowMs = this.dependencies.clock.nowMs();
    return (name) => {
      const entry = this.troubled.get(name);
      return entry !== undefined && breakerVerdict(entry.breaker, nowMs) === 'open';
    };
  }

  retryAfterMs(name: string): number | null {
    const entry = this.troubled.get(name);
    if (!entry || entry.breaker.kind === 'closed') return null;
    return retryAfterOf(entry.breaker, this.dependencies.clock.nowMs());
  }

  /** How many targets are not called just now. */
  openCount(): number {
    const nowMs = this.dependencies.clock.nowMs();
    let count = 0;
    for (const { breaker } of this.troubled.values())
      if (breakerVerdict(breaker, nowMs) === 'open') count += 1;
    return count;
  }

  /** What the timer does: an open time that somebody waits for is over, so the lease is asked for before the next call. */
  tick(): void {
    const nowMs = this.dependencies.clock.nowMs();
    for (const [name, entry] of this.troubled) {
      if (isForgotten(entry, nowMs)) this.forget(name);
      if (!entry.isWanted || breakerVerdict(entry.breaker, nowMs) !== 'may_probe') continue;
      entry.isWanted = false;
      this.wantLease(name, entry);
    }
  }

  private probe(name: string, entry: Entry, nowMs: number): boolean {
    const halfOpen = beginProbe(entry.breaker, nowMs);
    if (!halfOpen) return false;
    entry.breaker = halfOpen;
    entry.lease = 'none';
    this.dependencies.board.extendLease(name);
    this.dependencies.metrics.breakerChanged(name, 'half_open');
    return true;
  }

  private wantLease(name: string, entry: Entry): void {
    if (entry.lease === 'asked') return;
    if (entry.lease === 'none' && this.isLeaseFresh(entry, deniedForMs)) return;
    if (entry.lease === 'granted' && this.isLeaseFresh(entry, unusedLeaseMs)) return;
    entry.lease = 'asked';
    void this.dependencies.board.acquireLease(name).then((isMine) => {
      if (isMine) this.grant(entry);
      else this.deny(entry);
    });
  }

  private grant(entry: Entry): void {
    entry.lease = 'granted';
    entry.leaseAtMs = this.dependencies.clock.nowMs();
  }

  private deny(entry: Entry): void {
    entry.lease = 'none';
    entry.leaseAtMs = this.dependencies.clock.nowMs();
  }

  private isLeaseFresh({ leaseAtMs }: Entry, forMs: number): boolean {
    return Math.abs(this.dependencies.clock.nowMs() - leaseAtMs) < forMs;
  }

  private hear({ name, atMs, hint }: BreakerNews): void {
    const known = this.entries.get(name);
    if (!known && hint.state === 'closed') return;
    const entry = this.touch(name);
    // An old message must not undo what is known to be newer. Clocks differ a little: it is a hint.
    if (atMs < entry.changedAtMs) return;
    const before = entry.breaker;
    entry.breaker = takeHint(before, hint, this.dependencies.clock.nowMs());
    if (entry.breaker !== before) this.changed(name, entry, before);
  }

  /** Redis was away: what was opened meanwhile is news to the others. */
  private tellAll(): void {
    for (const [name, entry] of this.troubled) if (entry.breaker.kind === 'open') this.tell(name, entry);
  }

  private tell(name: string, { breaker, changedAtMs }: Entry): void {
    const hint =
      breaker.kind === 'open' ? { ...breaker, state: 'open' as const } : { state: 'closed' as const };
    this.dependencies.board.tell({ name, atMs: changedAtMs, hint });
  }

  private changed(name: string, entry: Entry, before: Breaker): void {
    const { board, clock, logger, metrics } = this.dependencies;
    const { breaker } = entry;
    if (before.kind === 'half_open') board.releaseLease(name);
    entry.changedAtMs = clock.nowMs();
    entry.lease = 'none';
    entry.leaseAtMs = Number.NEGATIVE_INFINITY;
    entry.isWanted = false;
    if (breaker.kind === 'closed') this.troubled.delete(name);
    else this.troubled.set(name, entry);
    metrics.breakerChanged(name, breaker.kind);
    if (breaker.kind === 'closed') return logger.info('breaker closed', { breaker: name });
    if (breaker.kind === 'half_open' || before.kind === 'open') return;
    const forMs = Math.round(breaker.untilMs - entry.changedAtMs);
    logger.warn('breaker opened', { breaker: name, cause: breaker.cause, for_ms: forMs });
  }

  /** The entry of the name, moved to the young end. */
  private touch(name: string): Entry {
    // Most calls go where the last one went: moving it would only make garbage of the map's tables.
    if (this.youngest?.name === name) return this.youngest.entry;
    const known = this.entries.get(name);
    if (known) this.entries.delete(name);
    else this.makeRoom();
    const entry = known ?? {
      breaker: closedBreaker,
      changedAtMs: Number.NEGATIVE_INFINITY,
      lease: 'none',
      leaseAtMs: Number.NEGATIVE_INFINITY,
      isWanted: false,
    };
    this.entries.set(name, entry);
    this.youngest = { name, entry };
    return entry;
  }

  private makeRoom(): void {
    const limit = this.dependencies.namesLimit ?? namesLimit;
    if (this.entries.size < limit) return;
    let oldest: string | null = null;
    let seen = 0;
    for (const [name, { breaker }] of this.entries) {
      oldest ??= name;
      if (breaker.kind === 'closed') {
        oldest = name;
        break;
      }
      seen += 1;
      if (seen >= evictionCandidates) break;
    }
    if (oldest !== null) this.forget(oldest);
  }

  private forget(name: string): void {
    this.entries.delete(name);
    if (this.youngest?.name === name) this.youngest = null;
    if (this.troubled.delete(name)) this.dependencies.metrics.breakerChanged(name, 'closed');
  }
}

function isForgotten({ breaker, changedAtMs }: Entry, nowMs: number): boolean {
  return breakerVerdict(breaker, nowMs) !== 'open' && nowMs - changedAtMs > keptForMs;
}

function toBreakerResult(result: AttemptResult | 'abandoned'): BreakerResult {
  if (result === 'abandoned') return 'abandoned';
  const { failure, retryAfterMs } = result;
  return failure === null ? 'success' : { reason: failure, retryAfterMs };
}
