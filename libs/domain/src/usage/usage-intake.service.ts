import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { insertButBad, type StreamEntry, StreamIntake } from '@signalbox/domain/streams';
import { parseUsageEvent, type UsageEvent, usageStreamKey } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import { UsageEventRepository } from './usage-event.repository';

/** Some 3 MB. On a busy machine it is the turns that cost, not the rows. */
const batchSize = 2_500;
/** For a person to look at; the oldest go first. */
const deadLetterLimit = 10_000;

interface ReadEvent {
  entry: StreamEntry;
  event: UsageEvent;
}

interface BadEntry {
  entry: StreamEntry;
  /** Names fields, never values. */
  problem: string;
}

/**
 * The edges' usage events: at least once from the stream, exactly once in the table (unique by request id). Nobody cuts
 * the stream, so what is stored is deleted from it; what cannot be stored goes to `<stream>:dead`, which is bounded.
 */
@Injectable()
export class UsageIntakeService implements OnApplicationShutdown {
  private readonly intake: StreamIntake;
  private readonly deadLetterKey: string;

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: UsageEventRepository,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const key = usageStreamKey(prefix);
    this.deadLetterKey = `${key}:dead`;
    this.intake = new StreamIntake({
      redis,
      key,
      batchSize,
      clock,
      store: (entries) => this.store(entries),
      settle: (stream, entries) => stream.remove(entries),
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
    const events: ReadEvent[] = [];
    const bad: BadEntry[] = [];
    for (const entry of entries) {
      const parsed = parseUsageEvent(entry.event);
      if ('event' in parsed) events.push({ entry, event: parsed.event });
      else bad.push({ entry, problem: parsed.problem });
    }
    await insertButBad(
      events,
      (some) => this.insert(some),
      ({ entry }) => void bad.push({ entry, problem: 'PostgreSQL does not take its values' }),
    );
    // Last: the whole batch comes again for as long as PostgreSQL is away, and each of them is put aside only once.
    for (const { entry, problem } of bad) await this.putAside(entry, problem);
  }

  private async insert(events: readonly ReadEvent[]): Promise<void> {
    await this.transactions.run('platform', (manager) =>
      this.repository.insert(
        manager,
        events.map(({ event }) => event),
      ),
    );
  }

  /** Never the event itself into the log. Killed right after it, the entry is put aside a second time: no harm. */
  private async putAside({ streamId, event }: StreamEntry, problem: string): Promise<void> {
    this.logger.error('a usage event was put aside', { stream_id: streamId, problem });
    await this.redis.xadd(
      this.deadLetterKey,
      'MAXLEN',
      '~',
      deadLetterLimit,
      '*',
      'event',
      event ?? '',
      'problem',
      problem,
      'stream_id',
      streamId,
    );
  }
}
