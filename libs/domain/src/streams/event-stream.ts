import type { Redis } from 'ioredis';

export interface StreamEntry {
  streamId: string;
  /** The entry's field `event`; undefined: it has none. */
  event: string | undefined;
}

type RawEntry = [streamId: string, fields: string[] | null];

const group = 'signalbox';
/** Entries that another consumer took and has not acknowledged for so long: it was killed. */
const abandonedMs = 60_000;
const consumerIdleMs = 3_600_000;

function toEntry([streamId, fields]: RawEntry): StreamEntry {
  const at = fields?.indexOf('event') ?? -1;
  return { streamId, event: at < 0 ? undefined : fields?.[at + 1] };
}

/** A Redis stream, read as one of a group: each entry goes to one worker, until it is acknowledged. */
export class EventStream {
  constructor(
    /** Of its own: reading blocks the connection. */
    private readonly redis: Redis,
    private readonly key: string,
    private readonly consumer: string,
  ) {}

  isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** Waits for up to `blockMs` if there is nothing. */
  async read(count: number, blockMs: number): Promise<StreamEntry[]> {
    const answer = (await this.withGroup(() =>
      this.redis.xreadgroup(
        'GROUP',
        group,
        this.consumer,
        'COUNT',
        count,
        'BLOCK',
        blockMs,
        'STREAMS',
        this.key,
        '>',
      ),
    )) as [string, RawEntry[]][] | null;
    return (answer?.[0]?.[1] ?? []).map(toEntry);
  }

  /** Takes over what a killed consumer left behind. */
  async claimAbandoned(count: number): Promise<StreamEntry[]> {
    const answer = (await this.withGroup(() =>
      this.redis.xautoclaim(this.key, group, this.consumer, abandonedMs, '0', 'COUNT', count),
    )) as [string, (RawEntry | null)[]];
    return answer[1].flatMap((entry) => (entry ? [toEntry(entry)] : []));
  }

  /** For a stream whose length its writer bounds. */
  async acknowledge(entries: readonly StreamEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.redis.xack(this.key, group, ...entries.map(({ streamId }) => streamId));
  }

  /** For a stream that nobody cuts. In one step: an entry that only was acknowledged would stay for ever. */
  async remove(entries: readonly StreamEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const ids = entries.map(({ streamId }) => streamId);
    await this.redis
      .multi()
      .xack(this.key, group, ...ids)
      .xdel(this.key, ...ids)
      .exec();
  }

  /** Each worker process is a consumer with a new name; those that are gone are forgotten once they owe nothing. */
  async removeIdleConsumers(): Promise<void> {
    const rows = (await this.redis.xinfo('CONSUMERS', this.key, group)) as unknown[][];
    for (const row of rows) {
      const field = (name: string): unknown => row[row.indexOf(name) + 1];
      if (field('pending') !== 0 || Number(field('idle')) < consumerIdleMs) continue;
      await this.redis.xgroup('DELCONSUMER', this.key, group, String(field('name')));
    }
  }

  /** A FLUSHALL removes the group: it is made again, from the stream's beginning. */
  private async withGroup<Result>(command: () => Promise<Result>): Promise<Result> {
    try {
      return await command();
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOGROUP'))) throw error;
    }
    await this.makeGroup();
    return command();
  }

  private async makeGroup(): Promise<void> {
    try {
      await this.redis.xgroup('CREATE', this.key, group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }
}
