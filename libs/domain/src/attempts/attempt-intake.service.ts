import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Clock, type Logger, newId } from '@signalbox/common';
import { isDataError, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import { type AttemptRow, parseAttempt } from './attempt-event';
import { AttemptStream, type StreamEntry } from './attempt-stream';
import { AttemptRepository } from './attempt.repository';
import { CredentialUseRepository } from './credential-use.repository';
import { KeyUseRepository } from './key-use.repository';

const batchSize = 500;
const blockMs = 1_000;
const claimEveryMs = 30_000;

/**
 * Moves attempts from the stream into PostgreSQL: at least once from the stream, exactly once in the table. It holds one
 * batch at most; while PostgreSQL is away that batch waits here and the rest in the (bounded) stream.
 */
@Injectable()
export class AttemptIntakeService implements OnApplicationShutdown {
  private readonly connection: Redis;
  private readonly stream: AttemptStream;
  private held: StreamEntry[] = [];
  private claimedAtMs = 0;

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: AttemptRepository,
    private readonly keyUse: KeyUseRepository,
    private readonly credentialUse: CredentialUseRepository,
    @Inject(REDIS) redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.connection = redis.duplicate();
    // The shared connection tells when Redis is away; without a listener this one would end the process.
    this.connection.on('error', () => undefined);
    this.stream = new AttemptStream(
      this.connection,
      prefix,
      `worker-${process.pid}-${newId('request').slice(-6)}`,
    );
  }

  isReady(): boolean {
    return this.stream.isReady();
  }

  /** Takes in what there is; returns when there is nothing more, after waiting a moment for it. */
  async takeIn(signal: AbortSignal): Promise<number> {
    let count = 0;
    while (!signal.aborted && this.isReady()) {
      if (this.held.length === 0) this.held = await this.next();
      if (this.held.length === 0) break;
      await this.store(this.held);
      await this.stream.acknowledge(this.held);
      count += this.held.length;
      this.held = [];
    }
    return count;
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }

  private async next(): Promise<StreamEntry[]> {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.claimedAtMs >= claimEveryMs) {
      const abandoned = await this.stream.claimAbandoned(batchSize);
      if (abandoned.length > 0) return abandoned;
      await this.stream.removeIdleConsumers();
      this.claimedAtMs = nowMs;
    }
    return this.stream.read(batchSize, blockMs);
  }

  private async store(entries: readonly StreamEntry[]): Promise<void> {
    const rows = entries.flatMap((entry) => this.rowOf(entry));
    try {
      await this.insert(rows);
    } catch (error) {
      if (!isDataError(error)) throw error;
      for (const row of rows) await this.insertOrDrop(row);
    }
  }

  /** One bad event must not hold up the others. */
  private async insertOrDrop(row: AttemptRow): Promise<void> {
    try {
      await this.insert([row]);
    } catch (error) {
      if (!isDataError(error)) throw error;
      this.logger.error('an attempt was dropped: PostgreSQL does not take it', { attempt_id: row.id });
    }
  }

  private rowOf({ streamId, event }: StreamEntry): AttemptRow[] {
    const parsed = parseAttempt(event, this.clock.now());
    if ('row' in parsed) return [parsed.row];
    this.logger.error('an attempt was dropped', { stream_id: streamId, problem: parsed.problem });
    return [];
  }

  private async insert(rows: readonly AttemptRow[]): Promise<void> {
    await this.transactions.run('platform', (manager) => this.repository.insert(manager, rows));
    await this.transactions.run('platform', (manager) => this.keyUse.note(manager, rows));
    await this.transactions.run('platform', (manager) =>
      this.credentialUse.note(manager, rows, this.clock.now()),
    );
  }
}
