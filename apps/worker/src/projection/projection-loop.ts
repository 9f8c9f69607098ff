import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER, REDIS } from '@signalbox/domain/core';
import { ProjectionRebuildService } from '@signalbox/domain/projection';
import type { Redis } from 'ioredis';
import { Loop } from '../loops/loop';

/** Often, since edges answer 503 to keys that they do not know while the projection is incomplete. */
const everyMs = 500;

/** Notices an emptied Redis and fills it again. It does not depend on a queue, which a FLUSHALL empties as well. */
@Injectable()
export class ProjectionLoop extends Loop {
  constructor(
    rebuild: ProjectionRebuildService,
    @Inject(REDIS) redis: Redis,
    @Inject(LOGGER) logger: Logger,
  ) {
    const run = async (): Promise<void> => {
      if (redis.status === 'ready') await rebuild.ensureComplete();
    };
    super({ name: 'projection.complete', everyMs, logger, run });
  }
}
