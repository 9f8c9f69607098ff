import type { Logger } from '@signalbox/common';
import type { Redis } from 'ioredis';

const intervalMs = 5_000;
/** Until the edge has something to tell. */
const firstBeatMs = 50;
const ttlSeconds = 15;

/** Tells the API's status page that this edge lives. A missed beat harms nothing. */
export class Heartbeat {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly redis: Redis,
    private readonly key: string,
    /** null: not yet. Whoever sees a heartbeat counts on it that the edge follows every change from then on. */
    private readonly describe: () => object | null,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.redis.on('ready', () => this.beat());
    this.schedule(0);
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    await this.redis.del(this.key).catch(() => undefined);
  }

  private schedule(afterMs: number): void {
    this.timer = setTimeout(() => this.schedule(this.beat() ? intervalMs : firstBeatMs), afterMs).unref();
  }

  /** @returns whether there was something to tell */
  private beat(): boolean {
    const facts = this.describe();
    if (facts === null) return false;
    this.redis.set(this.key, JSON.stringify(facts), 'EX', ttlSeconds).catch((error: unknown) => {
      this.logger.debug('heartbeat failed', { error });
    });
    return true;
  }
}
