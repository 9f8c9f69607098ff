import type { Clock } from '@signalbox/common';

/**
 * Redis is asked every 0.4 s and has a second to answer: a shorter silence says nothing, so a bound of zero means "as soon as it
 * is noticed".
 */
const noticedAfterMs = 2_000;

/**
 * The last moment at which what is in memory was what Redis held: it answered, and no change was missed. How long an edge may
 * go on serving on its own is counted from here, over restarts too.
 */
export class LastContact {
  private contactAtMs: number;

  constructor(private readonly clock: Clock) {
    // Nothing in memory is older than the start.
    this.contactAtMs = clock.nowMs();
  }

  get atMs(): number {
    return this.contactAtMs;
  }

  note(atMs: number): void {
    this.contactAtMs = Math.max(this.contactAtMs, atMs);
  }

  /** What is in memory now comes from a snapshot, whose writer spoke to Redis then. */
  restore(atMs: number): void {
    this.contactAtMs = atMs;
  }

  ageMs(): number {
    return Math.max(this.clock.nowMs() - this.contactAtMs, 0);
  }

  isLost(): boolean {
    return this.ageMs() > noticedAfterMs;
  }

  isPast(boundMs: number): boolean {
    return this.ageMs() > Math.max(boundMs, noticedAfterMs);
  }
}
