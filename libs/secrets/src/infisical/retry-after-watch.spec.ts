import { retryAfterMs } from './retry-after-watch';

const nowMs = Date.UTC(2026, 0, 1, 12);

test.each([
  ['35', 35_000],
  ['0', 0],
  ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['soon', 1_000],
  [null, 1_000],
])('Retry-After: %s means %i ms', (value, expected) => {
  expect(retryAfterMs(value, nowMs)).toBe(expected);
});
