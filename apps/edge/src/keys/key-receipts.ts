import type { Clock, Logger } from '@signalbox/common';
import type { Redis } from 'ioredis';

const ttlSeconds = 86_400;
/** In one pipeline: after a re-read thousands of keys may have changed. */
const batchSize = 500;
/** Receipts that wait for Redis. More than this is a rebuild, of which nobody waits for a single one. */
const waitingLimit = 10_000;

export interface KeyReceiptsDependencies {
  redis: Redis;
  prefix: string;
  edgeId: string;
  clock: Clock;
  logger: Logger;
}

/**
 * Tells by key and edge which version of a key's document is in force: `<prefix>:acks:<key hash>`, edge id to version and
 * time. The API shows it as the receipt of a revocation and waits a quarter of a second for it, so it is written at once.
 */
export class KeyReceipts {
  private waiting = new Map<string, string>();
  private isSending = false;

  constructor(private readonly dependencies: KeyReceiptsDependencies) {
    dependencies.redis.on('ready', () => void this.send());
  }

  /** Never waits and never fails. */
  applied(keyHash: string, version: number): void {
    if (this.waiting.size >= waitingLimit) return;
    this.waiting.set(keyHash, JSON.stringify({ v: version, at_ms: this.dependencies.clock.nowMs() }));
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      // What is announced in the same turn goes out together.
      await Promise.resolve();
      while (this.waiting.size > 0 && this.dependencies.redis.status === 'ready') await this.sendBatch();
    } catch (error) {
      this.dependencies.logger.debug('receipts of keys wait for Redis', {
        error,
        waiting: this.waiting.size,
      });
    } finally {
      this.isSending = false;
    }
  }

  private async sendBatch(): Promise<void> {
    const { redis, prefix, edgeId } = this.dependencies;
    const batch = [...this.waiting].slice(0, batchSize);
    const pipeline = redis.pipeline();
    for (const [keyHash, receipt] of batch) {
      const name = `${prefix}:acks:${keyHash}`;
      pipeline.hset(name, edgeId, receipt).expire(name, ttlSeconds);
    }
    const replies = (await pipeline.exec()) ?? [];
    const failed = replies.find(([error]) => error !== null);
    if (failed) throw failed[0]!;
    for (const [keyHash, receipt] of batch) {
      if (this.waiting.get(keyHash) === receipt) this.waiting.delete(keyHash);
    }
  }
}
