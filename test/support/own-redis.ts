import { Redis } from 'ioredis';

/**
 * A logical database of the test Redis that one jest worker has for itself, so that a test may flush it: FLUSHDB is to one
 * database what FLUSHALL is to a server. Number 0 belongs to everybody.
 */
export interface OwnRedis {
  url: string;
  redis: Redis;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const databaseCount = 15;

export function testRedisUrl(): string {
  const given = process.env['TEST_REDIS_URL'];
  if (!given) throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
  return given;
}

export async function openOwnRedis(): Promise<OwnRedis> {
  const url = new URL(testRedisUrl());
  url.pathname = `/${1 + (Number(process.env['JEST_WORKER_ID'] ?? 1) % databaseCount)}`;
  const redis = new Redis(url.toString());
  await redis.flushdb();
  return {
    url: url.toString(),
    redis,
    flush: async () => {
      await redis.flushdb();
    },
    close: async () => {
      await redis.flushdb();
      redis.disconnect();
    },
  };
}
