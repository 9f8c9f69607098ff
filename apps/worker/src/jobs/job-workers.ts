import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import type { WorkerConfig } from '@signalbox/config';
import { LOGGER } from '@signalbox/domain/core';
import { isJobName, type JobName, parseJobPayload, type QueueKey, queueNames } from '@signalbox/jobs';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { WORKER_CONFIG } from '../worker-config.token';
import { JobTable } from './job-table';
import { workerConnection } from './redis-connection';

/** Jobs of a queue at the same time; one if left out. Checks may: a round with a provider that lets it wait takes long. */
const concurrency: Partial<Record<QueueKey, number>> = { credentials: 4 };

/** Takes jobs from every queue. */
@Injectable()
export class JobWorkers {
  private workers: Worker[] = [];
  private isFailing = false;
  private readonly ending = new AbortController();

  constructor(
    private readonly table: JobTable,
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.workers = (Object.keys(queueNames) as QueueKey[]).map((queue) => this.open(queue));
  }

  /** Jobs that run are told, and waited for. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('the worker ends'));
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  private open(queue: QueueKey): Worker {
    const worker = new Worker(queueNames[queue], (job) => this.handle(job), {
      connection: workerConnection(this.config.redisUrl),
      prefix: this.config.redisPrefix,
      concurrency: concurrency[queue] ?? 1,
      lockDuration: 30_000,
      // After a FLUSHALL the marker that wakes a waiting worker is gone with the rest: look again this often.
      drainDelay: 5,
    });
    worker.on('error', (error) => this.noteError(queue, error));
    worker.on('ready', () => this.noteReady());
    worker.on('failed', (job, error) => this.logger.warn('a job failed', { job: job?.name, error }));
    return worker;
  }

  private async handle(job: Job<unknown, void>): Promise<void> {
    if (!isJobName(job.name)) throw new UnrecoverableError('there is no such job');
    await this.dispatch(job.name, job.data);
  }

  private async dispatch<Name extends JobName>(name: Name, data: unknown): Promise<void> {
    const startedMs = Date.now();
    await this.table.handlers[name](parseJobPayload(name, data), this.ending.signal);
    this.logger.debug('job done', { job: name, duration_ms: Date.now() - startedMs });
  }

  /** A connection that is away says so several times a second. */
  private noteError(queue: QueueKey, error: Error): void {
    if (!this.isFailing) this.logger.warn('jobs wait for redis', { queue, reason: error.message });
    this.isFailing = true;
  }

  private noteReady(): void {
    this.isFailing = false;
  }
}
