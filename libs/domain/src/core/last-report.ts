import type { Redis } from 'ioredis';

/** A report of which the last one counts. It lies in Redis: should it be lost, the next run makes one. */
export abstract class LastReport<Report> {
  protected constructor(
    private readonly redis: Redis,
    private readonly key: string,
  ) {}

  /** @returns null: there is none yet, or Redis does not answer */
  async last(): Promise<Report | null> {
    try {
      const text = await this.redis.get(this.key);
      return text === null ? null : (JSON.parse(text) as Report);
    } catch {
      return null;
    }
  }

  /** A report that cannot be kept is no reason to do less. */
  async keep(report: Report): Promise<void> {
    await this.redis.set(this.key, JSON.stringify(report)).catch(() => undefined);
  }
}
