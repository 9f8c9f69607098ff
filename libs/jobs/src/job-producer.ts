import type { Logger } from '@signalbox/common';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  type JobName,
  type JobPayload,
  jobs,
  parseJobPayload,
  type QueueKey,
  queueNames,
} from './job-definitions';

/** What the worker keeps of finished jobs, and how often it tries. Nothing is lost with a failed job: loops repair. */
export const defaultJobOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
};

const limitMs = 500;

/**
 * Adds jobs without ever holding up whoever asks: with Redis away or slow, the answer is `false` within half a second.
 * What must not be lost is an outbox row in PostgreSQL; a job only says "look now".
 */
export class JobProducer {
  private readonly queues = new Map<QueueKey, Queue>();

  /** @param redis a connection that fails fast (`enableOfflineQueue: false`); it is not closed here */
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly logger: Logger,
  ) {}

  /** At most one job of a name waits: a second one while the first runs is kept and run after it. */
  async add<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<boolean> {
    const data = parseJobPayload(name, payload);
    if (this.redis.status !== 'ready') return false;
    const key = jobs[name].queue;
    const queue = this.queues.get(key) ?? this.open(key);
    const options = { ...defaultJobOptions, deduplication: { id: name, keepLastIfActive: true } };
    try {
      return await within(limitMs, queue.add(name, data, options));
    } catch (error) {
      this.logger.warn('a job could not be added', { job: name, error });
      // A queue whose connection failed while it was set up stays broken: the next job opens a new one.
      this.queues.delete(key);
      return false;
    }
  }

  private open(key: QueueKey): Queue {
    const queue = new Queue(queueNames[key], { connection: this.redis, prefix: this.prefix });
    queue.on('error', (error) => this.logger.debug('queue error', { queue: key, reason: error.message }));
    this.queues.set(key, queue);
    return queue;
  }
}

async function within(timeLimitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeLimitMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
