import { bucketLeavesAtMs, bucketOf, type LimitWindow, oldestCountedBucket } from './limit-windows';

/** What happened in one window, in memory. The Redis script does the same; a test holds the two together. */
export class LimitCounter {
  /** In order. Buckets in which nothing happened are not there. */
  private buckets: number[] = [];
  private amounts: number[] = [];
  private first = 0;
  private total = 0;

  constructor(private readonly window: LimitWindow) {}

  sum(nowMs: number): number {
    this.forget(nowMs);
    return this.total;
  }

  /** Less than nothing is never left of a bucket; what has left the window is not touched. */
  add(amount: number, atMs: number, nowMs: number): void {
    this.forget(nowMs);
    const bucket = bucketOf(this.window, Math.min(atMs, nowMs));
    if (bucket < oldestCountedBucket(this.window, nowMs)) return;
    const index = this.indexFrom(bucket);
    if (this.buckets[index] !== bucket) {
      if (amount <= 0) return;
      this.buckets.splice(index, 0, bucket);
      this.amounts.splice(index, 0, 0);
    }
    const before = this.amounts[index] ?? 0;
    const after = Math.max(0, before + amount);
    this.amounts[index] = after;
    this.total += after - before;
  }

  /** How long until `cost` fits under the limit. */
  waitMs(limit: number, cost: number, nowMs: number): number {
    let over = this.sum(nowMs) + cost - limit;
    for (let index = this.first; over > 0 && index < this.buckets.length; index += 1) {
      over -= this.amounts[index] ?? 0;
      if (over <= 0) return bucketLeavesAtMs(this.window, this.buckets[index] ?? 0) - nowMs;
    }
    return over > 0 ? this.window.lengthMs : 0;
  }

  /** How long until the oldest of what counts has left; 0 when nothing counts. */
  resetMs(nowMs: number): number {
    this.forget(nowMs);
    const oldest = this.buckets[this.first];
    return oldest === undefined ? 0 : bucketLeavesAtMs(this.window, oldest) - nowMs;
  }

  private forget(nowMs: number): void {
    const oldest = oldestCountedBucket(this.window, nowMs);
    for (let bucket = this.buckets[this.first]; bucket !== undefined && bucket < oldest;) {
      this.total -= this.amounts[this.first] ?? 0;
      this.first += 1;
      bucket = this.buckets[this.first];
    }
    if (this.first < 32 || this.first * 2 < this.buckets.length) return;
    this.buckets = this.buckets.slice(this.first);
    this.amounts = this.amounts.slice(this.first);
    this.first = 0;
  }

  /** Where the bucket is or belongs. Nearly always it is the last one. */
  private indexFrom(bucket: number): number {
    let index = this.buckets.length;
    while (index > this.first && (this.buckets[index - 1] ?? 0) >= bucket) index -= 1;
    return index;
  }
}
