import { Inject, Injectable } from '@nestjs/common';
import { type Logger, redact } from '@signalbox/common';
import { type OutboxTopic, TenantTransactions } from '@signalbox/database';
import { LOGGER } from '@signalbox/domain/core';
import { type OutboxItem, OutboxRepository } from './outbox.repository';

export interface DrainOptions {
  topics: readonly OutboxTopic[];
  /** How many items are worked on at the same time. */
  concurrency: number;
  /** Longer than one item takes. Should this process die, its items are due again after this time. */
  leaseSeconds: number;
  maxDelayMs: number;
  /** @returns when the subject is due again by itself, or null */
  handle(item: OutboxItem): Promise<Date | null>;
  signal: AbortSignal;
}

const firstDelayMs = 500;

/** Doubles with each attempt up to the limit; half of it is chance, so that items do not come back in step. */
export function backoffMs(attempts: number, maxDelayMs: number, random: () => number = Math.random): number {
  const fullMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempts, 20));
  return Math.round(fullMs / 2 + (fullMs / 2) * random());
}

/** Works off due items. Any number of processes may do so at once: each item is leased to one of them. */
@Injectable()
export class OutboxDrainer {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly outbox: OutboxRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns how many items were done, until none was due */
  async drain(options: DrainOptions): Promise<number> {
    let done = 0;
    while (!options.signal.aborted) {
      const items = await this.transactions.run('platform', (manager) =>
        this.outbox.take(manager, options.topics, options.concurrency, options.leaseSeconds),
      );
      if (items.length === 0) break;
      const results = await Promise.all(items.map((item) => this.work(item, options)));
      done += results.filter(Boolean).length;
    }
    return done;
  }

  private async work(item: OutboxItem, options: DrainOptions): Promise<boolean> {
    try {
      const dueAt = await options.handle(item);
      await this.transactions.run('platform', (manager) =>
        dueAt ? this.outbox.reschedule(manager, item, dueAt) : this.outbox.complete(manager, item),
      );
      return true;
    } catch (error) {
      const reason = redact(error instanceof Error ? error.message : String(error));
      const delayMs = backoffMs(item.attempts, options.maxDelayMs);
      // The first failure is news; the reason of the later ones is kept with the item.
      this.logger[item.attempts === 1 ? 'warn' : 'debug']('an outbox item is tried again later', {
        topic: item.topic,
        subject_id: item.subjectId,
        attempts: item.attempts,
        delay_ms: delayMs,
        reason,
      });
      await this.transactions.run('platform', (manager) =>
        this.outbox.postpone(manager, item, delayMs, reason),
      );
      return false;
    }
  }
}
