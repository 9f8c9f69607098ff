import { Inject, Injectable, Module } from '@nestjs/common';
import { LastReport, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { MirrorReport } from './mirror-report';

/** The last comparison's report, for whoever shows it. */
@Injectable()
export class MirrorReportService extends LastReport<MirrorReport> {
  constructor(@Inject(REDIS) redis: Redis, @Inject(REDIS_PREFIX) prefix: string) {
    super(redis, `${prefix}:report:mirror`);
  }
}

@Module({ providers: [MirrorReportService], exports: [MirrorReportService] })
export class MirrorReportModule {}
