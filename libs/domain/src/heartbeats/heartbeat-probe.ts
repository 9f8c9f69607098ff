import { Inject, Injectable } from '@nestjs/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';

const scanCount = 1_000;

const heartbeatSchema = z.looseObject({
  process: z.string(),
  id: z.string(),
  pid: z.number().nullish(),
  started_at: z.string().nullish(),
  reported_at: z.string().nullish(),
});

export type Heartbeat = z.infer<typeof heartbeatSchema>;

export interface Heartbeats {
  latencyMs: number;
  edges: Heartbeat[];
  workers: Heartbeat[];
}

function parseHeartbeat(text: string | null): Heartbeat[] {
  if (text === null) return [];
  try {
    const parsed = heartbeatSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

/** Who reported to Redis within the last seconds: heartbeats carry a time to live. */
@Injectable()
export class HeartbeatProbe {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
  ) {}

  /** @returns null when Redis does not answer */
  async look(): Promise<Heartbeats | null> {
    try {
      const startedAt = performance.now();
      await this.redis.ping();
      const latencyMs = performance.now() - startedAt;
      const keys = await this.keys();
      const texts = keys.length > 0 ? await this.redis.mget(keys) : [];
      const beats = texts.flatMap(parseHeartbeat).sort((left, right) => (left.id < right.id ? -1 : 1));
      const of = (process: string): Heartbeat[] => beats.filter((beat) => beat.process === process);
      return { latencyMs, edges: of('edge'), workers: of('worker') };
    } catch {
      return null;
    }
  }

  private async keys(): Promise<string[]> {
    const found = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await this.redis.scan(
        cursor,
        'MATCH',
        `${this.prefix}:heartbeat:*`,
        'COUNT',
        scanCount,
      );
      keys.forEach((key) => found.add(key));
      cursor = next;
    } while (cursor !== '0');
    return [...found];
  }
}
