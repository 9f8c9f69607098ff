import { join } from 'node:path';
import type { Logger } from '@signalbox/common';
import { usageStreamKey } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { EdgeMetrics } from '../metrics/edge-metrics';
import type { StateLease } from '../state/state-lease';
import { SegmentFiles } from './segment-files';
import { SpoolQueue, type SpoolQueueOptions } from './spool-queue';
import { UsageSpool } from './usage-spool';
import { UsageStream } from './usage-stream';

export interface UsageSpoolSettings {
  redis: Redis;
  redisPrefix: string;
  /** null: there is no state directory. */
  lease: StateLease | null;
  metrics: Pick<EdgeMetrics, 'usageSpooled' | 'usageLost'>;
  logger: Logger;
  queueOptions?: SpoolQueueOptions;
  memoryLimit?: number;
}

export function openUsageSpool(settings: UsageSpoolSettings): UsageSpool {
  const { redis, redisPrefix, lease, metrics, logger, queueOptions, memoryLimit } = settings;
  const stream = new UsageStream(redis, usageStreamKey(redisPrefix));
  const queue =
    lease && new SpoolQueue(new SegmentFiles(join(lease.dir, 'usage'), lease), lease, logger, queueOptions);
  return new UsageSpool({ stream, queue, metrics, logger, ...(memoryLimit && { memoryLimit }) });
}
