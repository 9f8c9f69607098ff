import { jobs, queueNames, type JobName } from '@signalbox/jobs';
import { Queue } from 'bullmq';
import Redis from 'ioredis';
import { Client } from 'pg';
import type { StackFacts } from './stack-facts';

/** Straight into the stores, past every process of ours: for reading what is really there, and for breaking things. */
export class StackStores {
  readonly redis: Redis;

  constructor(private readonly facts: StackFacts) {
    this.redis = new Redis(facts.redis_url, { lazyConnect: true, maxRetriesPerRequest: null });
    // It is killed on purpose; the commands wait for the reconnect.
    this.redis.on('error', () => undefined);
  }

  /** Signalbox's database, as its owner's admin. */
  query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return runQuery<Row>(this.facts.database_url, sql, values);
  }

  litellmQuery<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return runQuery<Row>(this.litellmUrl(), sql, values);
  }

  litellmUrl(): string {
    return this.facts.litellm_database_url;
  }

  redisKey(name: string): string {
    return `${this.facts.redis_prefix}:${name}`;
  }

  /** What a schedule would do minutes later: a comparison, a sweep. */
  async addJob(name: JobName): Promise<void> {
    const options = { connection: this.redis, prefix: this.facts.redis_prefix };
    const queue = new Queue(queueNames[jobs[name].queue], options);
    await queue.add(name, {}, { removeOnComplete: true, removeOnFail: true });
    await queue.close();
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await Promise.resolve();
  }
}

/** One connection per query: the servers are killed in between. */
export async function runQuery<Row extends object>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<Row & Record<string, unknown>>(sql, values);
    return result.rows;
  } finally {
    await client.end();
  }
}
