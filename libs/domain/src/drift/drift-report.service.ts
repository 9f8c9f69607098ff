import { Inject, Injectable, Module } from '@nestjs/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { DriftReport } from './drift-report';

/** The last comparison's report. It lies in Redis: should it be lost, the next run makes one. */
@Injectable()
export class DriftReportService {
  private readonly key: string;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
  ) {
    this.key = `${prefix}:report:drift`;
  }

  /** @returns null: nothing was compared yet, or Redis does not answer */
  async last(): Promise<DriftReport | null> {
    try {
      const text = await this.redis.get(this.key);
      return text === null ? null : (JSON.parse(text) as DriftReport);
    } catch {
      return null;
    }
  }

  /** A report that cannot be kept is no reason to repair less. */
  async keep(report: DriftReport): Promise<void> {
    await this.redis.set(this.key, JSON.stringify(report)).catch(() => undefined);
  }
}

@Module({ providers: [DriftReportService], exports: [DriftReportService] })
export class DriftReportModule {}
