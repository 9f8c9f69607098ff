import type { Logger } from '@signalbox/common';
import type { Redis } from 'ioredis';
import type { EdgeShare } from './own-limits';

const everyMs = 5_000;
const scanCount = 1_000;

/** Who shares the limits: the edges whose heartbeats are in Redis. Without Redis the last known number holds. */
export class LiveEdges {
  private known: EdgeShare;
  private timer: NodeJS.Timeout | null = null;
  private isScanning = false;
  private readonly ownKey: string;
  private readonly pattern: string;

  /** @param leastCount as long as nothing was read: the processes that this machine itself has started */
  constructor(
    private readonly redis: Redis,
    prefix: string,
    edgeId: string,
    private readonly logger: Logger,
    leastCount = 1,
  ) {
    this.pattern = `${prefix}:heartbeat:edge:*`;
    this.ownKey = `${prefix}:heartbeat:edge:${edgeId}`;
    this.known = { edgeCount: Math.max(1, leastCount), rank: 0 };
  }

  start(): void {
    this.timer = setInterval(() => void this.scan(), everyMs).unref();
    this.redis.on('ready', () => void this.scan());
    void this.scan();
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
  }

  share(): EdgeShare {
    return this.known;
  }

  /** Reads names only. */
  async scan(): Promise<void> {
    if (this.redis.status !== 'ready' || this.isScanning) return;
    this.isScanning = true;
    try {
      const names = new Set([this.ownKey]);
      let cursor = '0';
      do {
        const [next, found] = await this.redis.scan(cursor, 'MATCH', this.pattern, 'COUNT', scanCount);
        for (const name of found) names.add(name);
        cursor = next;
      } while (cursor !== '0');
      this.known = { edgeCount: names.size, rank: [...names].sort().indexOf(this.ownKey) };
    } catch (error) {
      this.logger.debug('the live edges could not be counted', { error });
    } finally {
      this.isScanning = false;
    }
  }
}
