const longestMs = 24 * 3_600_000;

/** Seconds, or a date (RFC 9110, section 10.2.3). null: none, or nothing sensible. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const seconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) : null;
  const ms = seconds === null ? Date.parse(header) - nowMs : seconds * 1_000;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestMs) : null;
}
