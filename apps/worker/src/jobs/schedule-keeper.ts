import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { defaultJobOptions, jobs, type QueueKey, queueNames } from '@signalbox/jobs';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Loop } from '../loops/loop';
import { type Schedule, schedules } from './schedules';

const everyMs = 2_000;
/** A round that is later than this has lost its job. */
const overdueMs = 60_000;

/** Keeps the schedules in Redis, where a FLUSHALL removes them: it looks, and makes what is missing. */
@Injectable()
export class ScheduleKeeper extends Loop {
  private readonly queues = new Map<QueueKey, Queue>();

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    super({ name: 'schedules', everyMs, logger: log, run: () => this.keep() });
  }

  /** An existing schedule is left alone: setting it again would move its next round. */
  async keep(): Promise<void> {
    if (this.redis.status !== 'ready') return;
    for (const schedule of schedules) {
      const queue = this.queue(jobs[schedule.job].queue);
      if (await isKept(queue, schedule)) continue;
      const template = { name: schedule.job, data: {}, opts: defaultJobOptions };
      await queue.upsertJobScheduler(schedule.job, { every: schedule.everyMs }, template);
      this.log.info('schedule made', { job: schedule.job, every_ms: schedule.everyMs });
    }
  }

  private queue(key: QueueKey): Queue {
    const known = this.queues.get(key);
    if (known) return known;
    const queue = new Queue(queueNames[key], { connection: this.redis, prefix: this.prefix });
    queue.on('error', (error) => this.log.debug('queue error', { queue: key, reason: error.message }));
    this.queues.set(key, queue);
    return queue;
  }
}

async function isKept(queue: Queue, { job, everyMs: wantedMs }: Schedule): Promise<boolean> {
  const scheduler = await queue.getJobScheduler(job);
  if (!scheduler || scheduler.every !== wantedMs) return false;
  return (scheduler.next ?? 0) > Date.now() - overdueMs;
}
