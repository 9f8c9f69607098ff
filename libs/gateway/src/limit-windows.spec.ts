import fc from 'fast-check';
import { LimitCounter } from './limit-counter';
import {
  bucketLeavesAtMs,
  bucketOf,
  limitShare,
  limitSlackMs,
  limitWindows,
  oldestCountedBucket,
} from './limit-windows';

const anyWindow = fc.constantFrom(...limitWindows);
const anyTime = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2040, 0, 1) });

describe('a window of buckets', () => {
  it('counts whatever happened within its length, and little more than a hundredth more', () => {
    fc.assert(
      fc.property(anyWindow, anyTime, fc.integer({ min: 0, max: 100_000_000 }), (window, nowMs, agoMs) => {
        const counts = bucketOf(window, nowMs - agoMs) >= oldestCountedBucket(window, nowMs);
        if (agoMs <= window.lengthMs + limitSlackMs) expect(counts).toBe(true);
        if (agoMs > window.lengthMs + limitSlackMs + window.bucketMs) expect(counts).toBe(false);
        expect((limitSlackMs + window.bucketMs) / window.lengthMs).toBeLessThan(0.013);
      }),
    );
  });

  it('knows the very moment at which a bucket leaves', () => {
    fc.assert(
      fc.property(anyWindow, anyTime, (window, atMs) => {
        const bucket = bucketOf(window, atMs);
        const leavesAtMs = bucketLeavesAtMs(window, bucket);
        expect(bucket >= oldestCountedBucket(window, leavesAtMs - 1)).toBe(true);
        expect(bucket >= oldestCountedBucket(window, leavesAtMs)).toBe(false);
      }),
    );
  });

  it('needs no more slots than the Redis script has', () => {
    fc.assert(
      fc.property(anyWindow, anyTime, (window, nowMs) => {
        expect(bucketOf(window, nowMs) - oldestCountedBucket(window, nowMs)).toBeLessThan(250);
      }),
    );
  });
});

describe('the counter in memory', () => {
  it('agrees with a list of all that happened, whatever comes late or is given back', () => {
    const event = fc.record({
      stepMs: fc.integer({ min: 0, max: 40_000 }),
      lateMs: fc.integer({ min: 0, max: 70_000 }),
      amount: fc.integer({ min: -5, max: 20 }),
    });
    fc.assert(
      fc.property(anyWindow, anyTime, fc.array(event, { maxLength: 60 }), (window, startMs, events) => {
        const counter = new LimitCounter(window);
        const amounts = new Map<number, number>();
        let nowMs = startMs;
        for (const { stepMs, lateMs, amount } of events) {
          nowMs += stepMs;
          counter.add(amount, nowMs - lateMs, nowMs);
          const bucket = bucketOf(window, nowMs - lateMs);
          const oldest = oldestCountedBucket(window, nowMs);
          if (bucket >= oldest) amounts.set(bucket, Math.max(0, (amounts.get(bucket) ?? 0) + amount));
          const counted = [...amounts].filter(([one]) => one >= oldest);
          expect(counter.sum(nowMs)).toBe(counted.reduce((sum, [, one]) => sum + one, 0));
        }
      }),
    );
  });

  it('says how long to wait: then it fits, and a moment sooner it does not', () => {
    const event = fc.record({
      stepMs: fc.integer({ min: 0, max: 9_000 }),
      amount: fc.integer({ min: 1, max: 9 }),
    });
    const cost = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(
        anyWindow,
        anyTime,
        fc.array(event, { maxLength: 40 }),
        cost,
        (window, startMs, events, one) => {
          const limit = 20;
          const counter = new LimitCounter(window);
          let nowMs = startMs;
          for (const { stepMs, amount } of events) {
            nowMs += stepMs;
            counter.add(amount, nowMs, nowMs);
          }
          const waitMs = counter.waitMs(limit, one, nowMs);
          if (waitMs > 0) expect(counter.sum(nowMs + waitMs - 1) + one).toBeGreaterThan(limit);
          expect(counter.sum(nowMs + waitMs) + one).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});

describe('shares', () => {
  it('of all edges together are the limit, and nobody has more than one more than another', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 50 }), (limit, count) => {
        const shares = Array.from({ length: count }, (_, rank) => limitShare(limit, count, rank));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect([...shares].sort((a, b) => b - a)).toEqual(shares);
      }),
    );
  });
});
