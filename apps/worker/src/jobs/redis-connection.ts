import type { ConnectionOptions } from 'bullmq';

/** For connections that wait: a worker outlasts any outage of Redis. Producers fail fast instead (libs/jobs). */
export function workerConnection(url: string): ConnectionOptions {
  return {
    url,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
  };
}
