import { Inject, Injectable, Module } from '@nestjs/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { MirrorReport } from './mirror-report';

/** The last comparison's report, for whoever shows it. It lies in Redis: should it be lost, the next run makes one. */
@Injectable()
export class MirrorReportService {
  private readonly key: string;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
  ) {
    this.key = `${prefix}:report:mirror`;
  }

  /** @returns null: nothing was compared yet, or Redis does not answer */
  async last(): Promise<MirrorReport | null> {
    try {
      const text = await this.redis.get(this.key);
      return text === null ? null : (JSON.parse(text) as MirrorReport);
    } catch {
      return null;
    }
  }

  /** A report that cannot be kept is no reason to repair less. */
  async keep(report: MirrorReport): Promise<void> {
    await this.redis.set(this.key, JSON.stringify(report)).catch(() => undefined);
  }
}

@Module({ providers: [MirrorReportService], exports: [MirrorReportService] })
export class MirrorReportModule {}
