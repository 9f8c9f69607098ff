import { UserError } from './user-error.mjs';
import { pollUntil } from './wait.mjs';

/** One connection, one INFO. Throws if there is no answer. */
async function askInfo(url) {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
  });
  let cause;
  redis.on('error', (error) => (cause ??= error));
  try {
    await redis.connect();
    return parseInfo(await redis.info());
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}

export function parseInfo(text) {
  const entries = text.split(/\r?\n/).filter((line) => line.includes(':'));
  const info = Object.fromEntries(entries.map((line) => line.split(/:(.*)/s).slice(0, 2)));
  return {
    version: info.valkey_version ?? info.redis_version,
    product: info.valkey_version ? 'Valkey' : 'Redis',
    evictionPolicy: info.maxmemory_policy,
  };
}

const notYet = new Set(['ECONNREFUSED', 'ECONNRESET']);

export async function waitForRedis(url, { timeoutMs, signal }) {
  const info = await pollUntil(
    async () => {
      try {
        return await askInfo(url);
      } catch (error) {
        if (notYet.has(error.code) || /LOADING/.test(error.message)) return undefined;
        throw error;
      }
    },
    { timeoutMs, signal },
  );
  if (info) return info;
  throw new UserError(`Redis did not take connections within ${timeoutMs / 1000} s.`);
}

export async function inspectGivenRedis(url) {
  try {
    return await askInfo(url);
  } catch (error) {
    const { hostname, port } = new URL(url);
    throw new UserError(
      `Redis at ${hostname}:${port || 6379} (REDIS_URL) cannot be used: ${error.message || error.code}. Start it, correct REDIS_URL, or unset it to let npm start run its own server.`,
    );
  }
}
