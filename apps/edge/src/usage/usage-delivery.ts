import type { Logger } from '@signalbox/common';
import type { SpoolBatch, SpoolSource } from './spool-batch';
import type { UsageStream } from './usage-stream';

/** Events in one command to Redis. */
export const batchLimit = 500;
/** Between batches of a backlog, so that requests do not feel it: at most 20,000 events a second. */
const backlogPauseMs = 25;
const retryMs = 500;

export interface UsageDeliveryDependencies {
  stream: UsageStream;
  /** The oldest source with something in it. */
  nextSource: () => Promise<SpoolSource | null>;
  /** It cannot be read: its file is gone, or the disk fails. */
  giveUp: (source: SpoolSource, error: unknown) => void;
  onDelivered: (batch: SpoolBatch) => void;
  logger: Logger;
}

/** Brings what is spooled to Redis, oldest first, for as long as Redis takes it. */
export class UsageDelivery {
  private isClosed = false;
  private isRunning = false;
  private isWanted = false;
  private isAway = false;
  private running: Promise<void> = Promise.resolve();
  private endPause: (() => void) | null = null;

  constructor(private readonly dependencies: UsageDeliveryDependencies) {
    dependencies.stream.onReady(() => {
      this.endPause?.();
      this.wake();
    });
  }

  /** Something may be there to deliver. */
  wake(): void {
    this.isWanted = true;
    if (!this.isClosed && !this.isRunning) this.running = this.run();
  }

  /** Goes on for as long as Redis takes it, but not longer than the given time. */
  async close(withinMs: number): Promise<void> {
    this.wake();
    if (this.isAway || !this.dependencies.stream.isReady()) this.stop();
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, withinMs);
      void this.running.finally(() => {
        clearTimeout(limit);
        resolve();
      });
    });
    this.stop();
  }

  private stop(): void {
    this.isClosed = true;
    this.endPause?.();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (!this.isClosed && this.dependencies.stream.isReady() && this.isWanted) await this.deliverNext();
    } finally {
      this.isRunning = false;
    }
  }

  private async deliverNext(): Promise<void> {
    this.isWanted = false;
    const source = await this.dependencies.nextSource();
    if (!source) return;
    this.isWanted = true;
    let batch: SpoolBatch | null;
    try {
      batch = await source.next(batchLimit);
    } catch (error) {
      return this.dependencies.giveUp(source, error);
    }
    if (batch) await this.deliver(source, batch);
  }

  private async deliver(source: SpoolSource, batch: SpoolBatch): Promise<void> {
    try {
      if (batch.lines.length > 0) await this.dependencies.stream.add(batch.lines);
    } catch (error) {
      this.noteAway(error);
      return this.pause(retryMs);
    }
    if (this.isAway) this.dependencies.logger.info('usage events are delivered again');
    this.isAway = false;
    source.acknowledge(batch);
    this.dependencies.onDelivered(batch);
    if (batch.isBacklog) await this.pause(backlogPauseMs);
  }

  private noteAway(error: unknown): void {
    if (!this.isAway) this.dependencies.logger.warn('usage events wait: Redis does not take them', { error });
    this.isAway = true;
  }

  private async pause(forMs: number): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, forMs);
      timer.unref();
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = null;
  }
}
