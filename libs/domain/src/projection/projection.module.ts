import { Module } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { OutboxModule } from '@signalbox/domain/outbox';
import { JobProducer } from '@signalbox/jobs';
import type { Redis } from 'ioredis';
import { ProjectionRebuildService } from './projection-rebuild.service';
import { ProjectionReconcileService } from './projection-reconcile.service';
import { ProjectionRepository } from './projection.repository';
import { ProjectionService } from './projection.service';
import { ProjectionStore } from './projection-store';

@Module({
  imports: [OutboxModule],
  providers: [
    ProjectionRepository,
    ProjectionStore,
    ProjectionService,
    ProjectionRebuildService,
    ProjectionReconcileService,
    {
      provide: JobProducer,
      useFactory: (redis: Redis, prefix: string, logger: Logger) => new JobProducer(redis, prefix, logger),
      inject: [REDIS, REDIS_PREFIX, LOGGER],
    },
  ],
  exports: [ProjectionService, ProjectionRebuildService, ProjectionReconcileService, JobProducer],
})
export class ProjectionModule {}
