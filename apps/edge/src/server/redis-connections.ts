import type { Logger } from '@signalbox/common';
import { Redis, type RedisOptions } from 'ioredis';

const longestRetryMs = 1_000;

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

export interface RedisConnections {
  commands: Redis;
  /** A connection in subscriber mode takes no other commands. */
  subscriber: Redis;
}

export function connectRedis(url: string, logger: Logger): RedisConnections {
  const commands = new Redis(url, common);
  // The feed subscribes itself after each connect, since it has to re-read everything then.
  const subscriber = new Redis(url, { ...common, autoResubscribe: false });
  for (const redis of [commands, subscriber]) {
    redis.on('error', (error) => logger.debug('Redis connection failed', { error }));
    // Its failure is told by the event; retryStrategy goes on trying.
    redis.connect().catch(() => undefined);
  }
  return { commands, subscriber };
}
