import { nextAttemptAt } from './webhook-retry';

const now = new Date('2026-11-21T08:00:00Z');

it('waits longer each time, and gives up after more than a day', () => {
  const delays: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttemptAt(attempts, now);
    if (next === null) break;
    delays.push(next.getTime() - now.getTime());
  }
  expect([...delays].sort((left, right) => left - right)).toEqual(delays);
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(24 * 3_600_000);
});
