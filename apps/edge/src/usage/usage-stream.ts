import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** One command for a batch: hundreds of commands, each with a promise of its own, would cost the edge a twentieth of its time. */
const script = `for _, event in ipairs(ARGV) do redis.call('XADD', KEYS[1], '*', 'event', event) end
return #ARGV`;
const scriptHash = createHash('sha1').update(script).digest('hex');

/** The Redis stream that the worker reads. At least once: a batch of which the answer was lost is added again. */
export class UsageStream {
  constructor(
    private readonly redis: Redis,
    private readonly key: string,
  ) {}

  isReady(): boolean {
    return this.redis.status === 'ready';
  }

  onReady(listener: () => void): void {
    this.redis.on('ready', listener);
  }

  /** Fails when Redis does not answer, has no memory left, is read-only or is still loading: all of them pass. */
  async add(lines: readonly string[]): Promise<void> {
    try {
      await this.redis.evalsha(scriptHash, 1, this.key, ...lines);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      await this.redis.eval(script, 1, this.key, ...lines);
    }
  }
}
