import type { Logger } from '@signalbox/common';
import type { UsageEvent } from '@signalbox/gateway';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import { FileSegment } from './file-segment';
import { MemorySource } from './memory-source';
import type { SpoolBatch, SpoolSource } from './spool-batch';
import type { SpoolQueue } from './spool-queue';
import { batchLimit, UsageDelivery } from './usage-delivery';
import type { UsageRecorder } from './usage-recorder';
import type { UsageStream } from './usage-stream';

const flushAfterMs = 20;
const flushAtEvents = 200;
/** Where no disk takes them. About 100 MB. */
const memoryLimit = 100_000;
const diskRetryMs = 1_000;
/** How often idle segments are given up and orphans are looked for. */
const tidyEveryMs = 1_000;
const adoptEveryTidies = 5;

export interface UsageSpoolDependencies {
  stream: UsageStream;
  /** null: there is no state directory. Then events wait in memory, and die with the process. */
  queue: SpoolQueue | null;
  metrics: Pick<EdgeMetrics, 'usageSpooled' | 'usageLost'>;
  logger: Logger;
  memoryLimit?: number;
}

/**
 * Every event is written to disk first and then brought to Redis (docs/adr/0016), so neither an outage of Redis nor a kill of
 * the edge loses what was written. A request waits for neither.
 */
export class UsageSpool implements UsageRecorder {
  private readonly memory = new MemorySource();
  private readonly delivery: UsageDelivery;
  private readonly limit: number;
  private fresh: string[] = [];
  private flushTimer: NodeJS.Timeout | null = null;
  private tidyTimer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> | null = null;
  private isDiskAsked = true;
  private diskTimer: NodeJS.Timeout | null = null;
  private isTelling = false;
  private isClosing = false;
  private adopting: Promise<void> = Promise.resolve();

  constructor(private readonly dependencies: UsageSpoolDependencies) {
    const { stream, logger } = dependencies;
    this.limit = dependencies.memoryLimit ?? memoryLimit;
    this.delivery = new UsageDelivery({
      stream,
      logger,
      nextSource: () => this.nextSource(),
      giveUp: (source, error) => this.giveUp(source, error),
      onDelivered: (batch) => this.noteDelivered(batch),
    });
  }

  start(): void {
    let tidies = 0;
    this.adoptSoon();
    this.tidyTimer = setInterval(() => {
      tidies += 1;
      if (tidies % adoptEveryTidies === 0) this.adoptSoon();
      this.delivery.wake();
    }, tidyEveryMs).unref();
  }

  record(event: UsageEvent): void {
    if (this.fresh.length + this.memory.waiting >= this.limit) return this.lose(1, 'there is no room left');
    try {
      this.fresh.push(JSON.stringify(event));
    } catch (error) {
      return this.lose(1, 'an event is no JSON', error);
    }
    if (this.fresh.length >= flushAtEvents) this.flushSoon();
    else this.flushTimer ??= setTimeout(() => this.flushSoon(), flushAfterMs);
  }

  /** Events that Redis has not acknowledged yet. */
  waiting(): number {
    return this.fresh.length + this.memory.waiting + (this.dependencies.queue?.waiting ?? 0);
  }

  /** Everything is on disk or delivered afterwards, as far as that is possible. */
  async close(withinMs: number): Promise<void> {
    if (this.tidyTimer) clearInterval(this.tidyTimer);
    if (this.diskTimer) clearTimeout(this.diskTimer);
    this.isDiskAsked = true;
    // What it has begun to take over would else belong to nobody who delivers it.
    this.isClosing = true;
    await this.adopting;
    await this.flush();
    await this.delivery.close(withinMs);
    this.memory.release();
    await this.flush();
    await this.dependencies.queue?.close();
    if (this.memory.waiting > 0) this.lose(this.memory.waiting, 'the edge ends, and nothing took them');
    this.tell();
  }

  private flushSoon(): void {
    if (this.flushTimer) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    void this.flush();
  }

  /** Never fails. One at a time: what comes meanwhile goes with the next round. */
  private async flush(): Promise<void> {
    while (this.flushing) await this.flushing;
    this.flushing = this.flushAll().finally(() => {
      this.flushing = null;
    });
    await this.flushing;
  }

  private async flushAll(): Promise<void> {
    await this.moveMemoryToDisk();
    while (this.fresh.length > 0) {
      const lines = this.fresh.length > batchLimit ? this.fresh.splice(0, batchLimit) : this.fresh;
      if (lines === this.fresh) this.fresh = [];
      await this.keep(lines);
    }
    this.delivery.wake();
    this.tell();
  }

  private async moveMemoryToDisk(): Promise<void> {
    while (this.dependencies.queue && this.isDiskAsked) {
      const lines = this.memory.takeForDisk(batchLimit);
      if (lines.length === 0) return;
      await this.keep(lines);
    }
  }

  private async keep(lines: string[]): Promise<void> {
    const { queue } = this.dependencies;
    if (!queue || !this.isDiskAsked) return this.memory.add(lines);
    try {
      await queue.append(lines);
    } catch (error) {
      this.noteDiskFailed(error);
      this.memory.add(lines);
    }
  }

  private noteDiskFailed(error: unknown): void {
    this.dependencies.logger.error('usage events cannot be written to disk and wait in memory', { error });
    this.isDiskAsked = false;
    this.diskTimer = setTimeout(() => {
      this.isDiskAsked = true;
      void this.flush();
    }, diskRetryMs).unref();
  }

  /** What is in memory only goes first: it would not outlive the process. */
  private async nextSource(): Promise<SpoolSource | null> {
    if (this.memory.waiting > 0) return this.memory;
    return (await this.dependencies.queue?.oldest()) ?? null;
  }

  private giveUp(source: SpoolSource, error: unknown): void {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isGone)
      this.dependencies.logger.error('a file of usage events cannot be read; it stays where it is', {
        error,
      });
    if (source instanceof FileSegment) void this.dependencies.queue?.forget(source);
  }

  private noteDelivered({ torn }: SpoolBatch): void {
    if (torn > 0) this.lose(torn, 'lines were cut off in the middle');
    this.tell();
  }

  /** One at a time. */
  private adoptSoon(): void {
    this.adopting = this.adopting.then(() => this.adopt());
  }

  private async adopt(): Promise<void> {
    if (this.isClosing) return;
    try {
      await this.dependencies.queue?.adopt();
      this.delivery.wake();
      this.tell();
    } catch (error) {
      this.dependencies.logger.error('the usage events of earlier processes cannot be read', { error });
    }
  }

  private lose(events: number, reason: string, error?: unknown): void {
    this.dependencies.metrics.usageLost(events);
    if (!this.isTelling) this.dependencies.logger.error('usage events are lost', { events, reason, error });
    // Thousands a second may follow; the metric counts them.
    this.isTelling = true;
    setTimeout(() => {
      this.isTelling = false;
    }, 1_000).unref();
  }

  private tell(): void {
    this.dependencies.metrics.usageSpooled(this.waiting());
  }
}
