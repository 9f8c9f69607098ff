const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** After each failed attempt; a day and a half in all, so that a receiver may be away for a night. */
const delaysMs = [
  5_000,
  30_000,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  12 * hourMs,
];

/** @returns null: it was the last attempt */
export function nextAttemptAt(attempts: number, now: Date): Date | null {
  const delayMs = delaysMs[attempts - 1];
  return delayMs === undefined ? null : new Date(now.getTime() + delayMs);
}
