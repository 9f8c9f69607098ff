import type { BenchmarkInterval } from '@signalbox/database';

const dayMs = 86_400_000;
const intervalMs: Record<BenchmarkInterval, number> = { daily: dayMs, weekly: 7 * dayMs };

/** The first time after now; rounds that were missed are not made up for. */
export function nextRunAt(every: BenchmarkInterval, last: Date, now: Date): Date {
  const step = intervalMs[every];
  const missed = Math.max(0, Math.floor((now.getTime() - last.getTime()) / step));
  return new Date(last.getTime() + (missed + 1) * step);
}
