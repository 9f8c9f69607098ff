import { CatalogueSyncEntity } from '@signalbox/database';
import { retryAfterMs } from '../sources/retry-after';
import { isSyncDue, retryDelayMs } from './sync-schedule';

const hourMs = 3_600_000;
const startedAt = new Date('2026-11-21T00:00:00Z');

function sync(id: string, state: CatalogueSyncEntity['state']): CatalogueSyncEntity {
  return Object.assign(new CatalogueSyncEntity(), { id, state, createdAt: startedAt });
}

/** When it is due, to the minute. */
function dueAfterMs(latest: CatalogueSyncEntity): number {
  let ms = 0;
  while (!isSyncDue(latest, startedAt.getTime() + ms)) ms += 60_000;
  return ms;
}

describe('when the next sync is due', () => {
  it('is at once when there was none', () => {
    expect(isSyncDue(null, 0)).toBe(true);
  });

  it('is a day to 25 hours after the last one, at times of its own for each', () => {
    const due = Array.from({ length: 40 }, (_item, index) => dueAfterMs(sync(`sync_${index}`, 'completed')));
    expect(Math.min(...due)).toBeGreaterThanOrEqual(24 * hourMs);
    expect(Math.max(...due)).toBeLessThanOrEqual(25 * hourMs);
    expect(new Set(due).size).toBeGreaterThan(15);
  });

  it('is sooner after one that failed', () => {
    expect(dueAfterMs(sync('sync_1', 'failed'))).toBeLessThanOrEqual(5 * hourMs);
  });
});

describe('when a piece of work is tried again', () => {
  it('is later each time, never before the source allows it, and not for ever', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempts) => retryDelayMs(attempts, null))).toEqual([
      10_000,
      30_000,
      120_000,
      600_000,
      1_800_000,
      null,
    ]);
    expect(retryDelayMs(1, 45_000)).toBe(45_000);
    expect(retryDelayMs(3, 1_000)).toBe(120_000);
  });

  it.each<[string | null, number | null]>([
    [null, null],
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['999999999', 24 * hourMs],
    ['soon', null],
    ['-5', 0],
    ['Sat, 21 Nov 2026 00:00:30 GMT', 30_000],
    ['Fri, 20 Nov 2026 00:00:00 GMT', 0],
  ])('reads Retry-After: %p', (header, expected) => {
    expect(retryAfterMs(header, startedAt.getTime())).toBe(expected);
  });
});
