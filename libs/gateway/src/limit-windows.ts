import { type RateLimitName } from './rate-limits';

/**
 * The sliding windows in which requests and tokens are counted. Time is cut into small buckets. A bucket counts until its
 * last moment has left the window, and `slackMs` longer: so any stretch of time as long as the window holds no more than
 * the limit, even where it is measured by somebody who sees each request up to that much sooner or later.
 */
export interface LimitWindow {
  readonly field: Exclude<RateLimitName, 'max_parallel_requests'>;
  readonly counts: 'requests' | 'tokens';
  readonly name: 'minute' | 'hour' | 'day';
  readonly lengthMs: number;
  /** 240 to a window: what is lost by counting whole buckets is little over 1 %. */
  readonly bucketMs: number;
}

export const limitSlackMs = 500;

const minute = { name: 'minute', lengthMs: 60_000, bucketMs: 250 } as const;
const hour = { name: 'hour', lengthMs: 3_600_000, bucketMs: 15_000 } as const;
const day = { name: 'day', lengthMs: 86_400_000, bucketMs: 360_000 } as const;

/** The order is part of the Redis script. */
export const limitWindows: readonly LimitWindow[] = [
  { field: 'rpm_limit', counts: 'requests', ...minute },
  { field: 'rph_limit', counts: 'requests', ...hour },
  { field: 'rpd_limit', counts: 'requests', ...day },
  { field: 'tpm_limit', counts: 'tokens', ...minute },
  { field: 'tph_limit', counts: 'tokens', ...hour },
  { field: 'tpd_limit', counts: 'tokens', ...day },
];

/** What happens within one of these is in the same bucket of every window. */
export const finestBucketMs = Math.min(...limitWindows.map(({ bucketMs }) => bucketMs));

export function bucketOf(window: LimitWindow, atMs: number): number {
  return Math.floor(atMs / window.bucketMs);
}

export function oldestCountedBucket(window: LimitWindow, nowMs: number): number {
  return bucketOf(window, nowMs - window.lengthMs - limitSlackMs);
}

/** The first moment at which the bucket does not count any more. */
export function bucketLeavesAtMs(window: LimitWindow, bucket: number): number {
  return (bucket + 1) * window.bucketMs + window.lengthMs + limitSlackMs;
}

/** One edge's part of a limit, where edges cannot count together. The parts of all ranks add up to the limit, never to more. */
export function limitShare(limit: number, edgeCount: number, rank: number): number {
  const count = Math.max(1, Math.floor(edgeCount));
  return Math.floor(limit / count) + (rank < limit % count ? 1 : 0);
}
