import type { Logger } from '@signalbox/common';
import type { Redis } from 'ioredis';

const intervalMs = 5_000;
const ttlSeconds = 15;

/** Tells the API's status page that this edge lives. A missed beat harms nothing. */
export class Heartbeat {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly redis: Redis,
    private readonly key: string,
    private readonly describe: () => object,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.beat(), intervalMs).unref();
    this.redis.on('ready', () => this.beat());
    if (this.redis.status === 'ready') this.beat();
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.redis.del(this.key).catch(() => undefined);
  }

  private beat(): void {
    this.redis.set(this.key, JSON.stringify(this.describe()), 'EX', ttlSeconds).catch((error: unknown) => {
      this.logger.debug('heartbeat failed', { error });
    });
  }
}
