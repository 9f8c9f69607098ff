import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { HousekeepingRepository } from './housekeeping.repository';

const batchSize = 1_000;
const dayMs = 86_400_000;
const catalogueSyncsKeptMs = 90 * dayMs;
/** The same month of the year before can be compared. */
const benchmarkRunsKeptMs = 400 * dayMs;

export interface HousekeepingResult {
  idempotencyRecords: number;
  erasedValues: number;
  endedKeys: number;
  catalogueSyncs: number;
  benchmarkRuns: number;
}

/** Removes what has had its time, in batches. */
@Injectable()
export class HousekeepingService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: HousekeepingRepository,
    private readonly outbox: OutboxRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async sweep(): Promise<HousekeepingResult> {
    return {
      idempotencyRecords: await this.deleteIdempotencyRecords(),
      erasedValues: await this.eraseEndedValues(),
      endedKeys: await this.takeEndedKeysOut(),
      catalogueSyncs: await this.forgetCatalogueSyncs(),
      benchmarkRuns: await this.forgetBenchmarkRuns(),
    };
  }

  private async deleteIdempotencyRecords(): Promise<number> {
    const now = this.clock.now();
    for (let total = 0; ;) {
      const count = await this.transactions.run('platform', (manager) =>
        this.repository.deleteExpiredIdempotencyRecords(manager, now, batchSize),
      );
      total += count;
      if (count < batchSize) return total;
    }
  }

  private eraseEndedValues(): Promise<number> {
    return this.transactions.run('platform', (manager) =>
      this.repository.eraseEndedValues(manager, this.clock.now()),
    );
  }

  private forgetCatalogueSyncs(): Promise<number> {
    const before = new Date(this.clock.nowMs() - catalogueSyncsKeptMs);
    return this.transactions.run('platform', (manager) =>
      this.repository.deleteCatalogueSyncs(manager, before),
    );
  }

  private forgetBenchmarkRuns(): Promise<number> {
    const before = new Date(this.clock.nowMs() - benchmarkRunsKeptMs);
    return this.transactions.run('platform', (manager) =>
      this.repository.deleteBenchmarkRuns(manager, before),
    );
  }

  /** Usually done by then: the outbox is due at the end of a value. This is for an item that was lost. */
  private takeEndedKeysOut(): Promise<number> {
    return this.transactions.run('platform', async (manager) => {
      const ended = await this.repository.keysWithEndedValues(manager, this.clock.now(), batchSize);
      await this.outbox.ensure(manager, 'mirror.virtual_key', ended);
      return ended.length;
    });
  }
}
