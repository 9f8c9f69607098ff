import { type Clock, newId } from '@signalbox/common';
import { isDataError } from '@signalbox/database';
import type { Redis } from 'ioredis';
import { EventStream, type StreamEntry } from './event-stream';

const blockMs = 1_000;
const claimEveryMs = 30_000;

export interface StreamIntakeOptions {
  /** Its settings are used for a connection of its own. */
  redis: Redis;
  key: string;
  batchSize: number;
  clock: Clock;
  /** Writes a batch, and the same batch again if this process dies or fails before it was settled. */
  store(entries: readonly StreamEntry[]): Promise<void>;
  /** After `store`: takes the batch off the stream. */
  settle(stream: EventStream, entries: readonly StreamEntry[]): Promise<void>;
}

/**
 * Moves a stream into PostgreSQL, at least once. It holds one batch at most; while PostgreSQL is away that batch waits
 * here, and the rest in the stream.
 */
export class StreamIntake {
  private readonly connection: Redis;
  private readonly stream: EventStream;
  private held: StreamEntry[] = [];
  private claimedAtMs = 0;

  constructor(private readonly options: StreamIntakeOptions) {
    this.connection = options.redis.duplicate();
    // The shared connection tells when Redis is away; without a listener this one would end the process.
    this.connection.on('error', () => undefined);
    const consumer = `worker-${process.pid}-${newId('request').slice(-6)}`;
    this.stream = new EventStream(this.connection, options.key, consumer);
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
      await this.options.store(this.held);
      await this.options.settle(this.stream, this.held);
      count += this.held.length;
      this.held = [];
    }
    return count;
  }

  close(): void {
    this.connection.disconnect();
  }

  private async next(): Promise<StreamEntry[]> {
    const { batchSize, clock } = this.options;
    const nowMs = clock.nowMs();
    if (nowMs - this.claimedAtMs >= claimEveryMs) {
      const abandoned = await this.stream.claimAbandoned(batchSize);
      if (abandoned.length > 0) return abandoned;
      await this.stream.removeIdleConsumers();
      this.claimedAtMs = nowMs;
    }
    return this.stream.read(batchSize, blockMs);
  }
}

/**
 * Inserts all, or, where PostgreSQL refuses the values of one, halves until that one is alone: it must not hold up the
 * others. @param drop is told of each that PostgreSQL does not take
 */
export async function insertButBad<Row>(
  rows: readonly Row[],
  insert: (rows: readonly Row[]) => Promise<void>,
  drop: (row: Row, error: unknown) => Promise<void> | void,
): Promise<void> {
  if (rows.length === 0) return;
  try {
    await insert(rows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const [only, ...others] = rows;
    if (only !== undefined && others.length === 0) return drop(only, error);
    const middle = Math.ceil(rows.length / 2);
    await insertButBad(rows.slice(0, middle), insert, drop);
    await insertButBad(rows.slice(middle), insert, drop);
  }
}
