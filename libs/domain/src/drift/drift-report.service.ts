import { Inject, Injectable, Module } from '@nestjs/common';
import { LastReport, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { DriftReport } from './drift-report';

/** The last comparison's report. */
@Injectable()
export class DriftReportService extends LastReport<DriftReport> {
  constructor(@Inject(REDIS) redis: Redis, @Inject(REDIS_PREFIX) prefix: string) {
    super(redis, `${prefix}:report:drift`);
  }
}

@Module({ providers: [DriftReportService], exports: [DriftReportService] })
export class DriftReportModule {}
