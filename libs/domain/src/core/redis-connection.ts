import type { Logger } from '@signalbox/common';
import { Redis } from 'ioredis';

/**
 * A connection for short commands. It fails fast while Redis is away (no queue of waiting commands), since whoever
 * uses it has PostgreSQL as the truth and a loop that repairs later.
 */
export function connectRedis(url: string | null, connectionName: string, logger: Logger): Redis {
  const redis = new Redis(url ?? '', {
    lazyConnect: url === null,
    connectionName,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  });
  // Closed for good: without this, the first command would connect to ioredis' default, localhost.
  if (url === null) redis.disconnect();
  let isDown = false;
  redis.on('error', (error: Error) => {
    if (!isDown) logger.warn('redis is away', { connection: connectionName, reason: error.message });
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) logger.info('redis is back', { connection: connectionName });
    isDown = false;
  });
  return redis;
}
