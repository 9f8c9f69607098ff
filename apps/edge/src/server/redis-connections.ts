import type { Logger } from '@signalbox/common';
import { Redis, type RedisOptions } from 'ioredis';

/** Known keys need no Redis; a new key's first request waits at most this long for it to be noticed as back. */
const longestRetryMs = 250;

/** Fails soon and comes back by itself: a request that waits for Redis is worse than a 503. */
const common: RedisOptions = {
  lazyConnect: true,
  connectTimeout: 1_000,
  disconnectTimeout: 500,
  commandTimeout: 1_000,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (attempt) => Math.min(50 * attempt, longestRetryMs),
};

/** A batch of events is half a megabyte, and adding it twice is dearer than waiting. */
const bulkTimeoutMs = 5_000;

export interface RedisConnections {
  commands: Redis;
  /** A connection in subscriber mode takes no other commands. */
  subscriber: Redis;
  /** Usage events: large commands, which nobody's request should queue behind. */
  bulk: Redis;
}

export function connectRedis(url: string, logger: Logger): RedisConnections {
  const commands = new Redis(url, common);
  // The feed subscribes itself after each connect, since it has to re-read everything then.
  const subscriber = new Redis(url, { ...common, autoResubscribe: false });
  const bulk = new Redis(url, { ...common, commandTimeout: bulkTimeoutMs });
  for (const redis of [commands, subscriber, bulk]) {
    redis.on('error', (error) => logger.debug('Redis connection failed', { error }));
    // Its failure is told by the event; retryStrategy goes on trying.
    redis.connect().catch(() => undefined);
  }
  return { commands, subscriber, bulk };
}

export function disconnectRedis({ commands, subscriber, bulk }: RedisConnections): void {
  for (const redis of [commands, subscriber, bulk]) redis.disconnect();
}
