import { Inject, Injectable } from '@nestjs/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { EdgeAck } from './receipt';

const ackSchema = z.object({ v: z.int().nonnegative(), at_ms: z.int().nonnegative() });

function parseAck(text: string): EdgeAck | null {
  try {
    const { v, at_ms } = ackSchema.parse(JSON.parse(text));
    return { version: v, atMs: at_ms };
  } catch {
    return null;
  }
}

/** What the edges wrote: `<prefix>:acks:<key hash>`, a hash of edge ids, kept for a day. */
@Injectable()
export class ReceiptStore {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
  ) {}

  isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** @returns for each of the hashes, in their order, the newest acknowledgement of each edge */
  async acks(keyHashes: readonly string[]): Promise<Map<string, EdgeAck>[]> {
    return Promise.all(keyHashes.map((keyHash) => this.acksOf(keyHash)));
  }

  private async acksOf(keyHash: string): Promise<Map<string, EdgeAck>> {
    const texts = await this.redis.hgetall(`${this.prefix}:acks:${keyHash}`);
    const entries = Object.entries(texts).map(([edgeId, text]) => [edgeId, parseAck(text)] as const);
    return new Map(entries.filter((entry): entry is [string, EdgeAck] => entry[1] !== null));
  }
}
