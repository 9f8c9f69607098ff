import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { insertButBad, type StreamEntry, StreamIntake } from '@signalbox/domain/streams';
import type { Redis } from 'ioredis';
import { type AttemptRow, parseAttempt } from './attempt-event';
import { AttemptRepository } from './attempt.repository';
import { CredentialUseRepository } from './credential-use.repository';
import { KeyUseRepository } from './key-use.repository';

const batchSize = 500;

/** What LiteLLM's hook reports: at least once from the stream (which the hook bounds), exactly once in the table. */
@Injectable()
export class AttemptIntakeService implements OnApplicationShutdown {
  private readonly intake: StreamIntake;

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
    this.intake = new StreamIntake({
      redis,
      key: `${prefix}:attempts`,
      batchSize,
      clock,
      store: (entries) => this.store(entries),
      settle: (stream, entries) => stream.acknowledge(entries),
    });
  }

  isReady(): boolean {
    return this.intake.isReady();
  }

  /** Takes in what there is; returns when there is nothing more, after waiting a moment for it. */
  async takeIn(signal: AbortSignal): Promise<number> {
    return this.intake.takeIn(signal);
  }

  onApplicationShutdown(): void {
    this.intake.close();
  }

  private async store(entries: readonly StreamEntry[]): Promise<void> {
    const rows = entries.flatMap((entry) => this.rowOf(entry));
    await insertButBad(
      rows,
      (some) => this.insert(some),
      ({ id }) => {
        this.logger.error('an attempt was dropped: PostgreSQL does not take it', { attempt_id: id });
      },
    );
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
