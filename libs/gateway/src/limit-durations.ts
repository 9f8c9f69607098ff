/** Go's form, which OpenAI's x-ratelimit-reset-* headers have: `17ms`, `1s`, `8.64s`, `6m0s`, `1h0m0s`. */
export function formatResetDuration(durationMs: number): string {
  const ms = Math.max(0, Math.ceil(durationMs));
  if (ms > 0 && ms < 1_000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = `${(ms % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** For Retry-After: whole seconds, never sooner than it is true. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}
