import { Inject, Injectable } from '@nestjs/common';
import {
  AppError,
  type Clock,
  decodeIdCursor,
  type Logger,
  newId,
  type Page,
  toPage,
} from '@signalbox/common';
import { BenchmarkScheduleEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator, systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { BenchmarkRunRepository } from '../runs/benchmark-run.repository';
import type { ScheduleBenchmark } from '../runs/benchmark.types';
import { RunStarter } from '../runs/run-starter';
import { BenchmarkScheduleRepository } from './benchmark-schedule.repository';
import { nextRunAt } from './schedule-times';

const mostSchedules = 50;
const caller = systemCaller('benchmarks');

/** Runs that are made again each day or week. */
@Injectable()
export class BenchmarkScheduleService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly schedules: BenchmarkScheduleRepository,
    private readonly runs: BenchmarkRunRepository,
    private readonly starter: RunStarter,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** In the transaction of its first run, which is made now. */
  async add(
    manager: EntityManager,
    asker: Caller,
    { every, ...input }: ScheduleBenchmark,
  ): Promise<BenchmarkScheduleEntity> {
    if ((await this.schedules.count(manager)) >= mostSchedules) {
      throw new AppError('benchmark_schedule_limit_reached', `At most ${mostSchedules}. Delete one first.`);
    }
    const now = this.clock.now();
    const schedule = Object.assign(new BenchmarkScheduleEntity(), {
      id: newId('benchmarkSchedule', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      suite: input.suite,
      models: [...input.models],
      samples: input.samples,
      capNanoUsd: String(input.capNanoUsd),
      allowUnpriced: input.allowUnpriced,
      every,
      nextRunAt: nextRunAt(every, now, now),
      lastRunId: null,
      problem: null,
      createdBy: asker.actorId,
    });
    await this.schedules.insert(manager, schedule);
    return schedule;
  }

  async noteRun(manager: EntityManager, schedule: BenchmarkScheduleEntity, runId: string): Promise<void> {
    schedule.lastRunId = runId;
    await this.schedules.save(manager, schedule);
  }

  async list(asker: Caller, limit: number, cursor?: string): Promise<Page<BenchmarkScheduleEntity>> {
    requireOperator(asker, 'models:read');
    const before = decodeIdCursor('benchmarkSchedule', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.schedules.list(manager, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  /** Its runs stay. */
  async delete(asker: Caller, id: string): Promise<void> {
    requireOperator(asker, 'models:write');
    await this.transactions.run('platform', async (manager) => {
      if (!(await this.schedules.remove(manager, id))) {
        throw new AppError(
          'benchmark_schedule_not_found',
          'Check the id; GET /api/v1/llm/benchmarks/schedules lists the known ones.',
        );
      }
      await this.audit.record(manager, asker, {
        action: 'benchmark_schedule.deleted',
        targetType: 'benchmark_schedule',
        targetId: id,
        organizationId: null,
      });
    });
  }

  /** Any number of workers may ask: each due round is one run. */
  async startDue(): Promise<void> {
    while (await this.startOne());
  }

  private async startOne(): Promise<boolean> {
    return this.transactions.run('platform', async (manager) => {
      const now = this.clock.now();
      const schedule = await this.schedules.takeDue(manager, now);
      if (!schedule) return false;
      schedule.nextRunAt = nextRunAt(schedule.every, schedule.nextRunAt, now);
      schedule.updatedAt = now;
      schedule.version += 1;
      schedule.problem = await this.startRun(manager, schedule);
      await this.schedules.save(manager, schedule);
      return true;
    });
  }

  /** @returns why there was none */
  private async startRun(manager: EntityManager, schedule: BenchmarkScheduleEntity): Promise<string | null> {
    const last = schedule.lastRunId === null ? null : await this.runs.find(manager, schedule.lastRunId);
    if (last?.state === 'queued' || last?.state === 'running') return 'The run before it had not ended.';
    const { id, suite, models, samples, allowUnpriced } = schedule;
    const input = { suite, models, samples, allowUnpriced, capNanoUsd: Number(schedule.capNanoUsd) };
    try {
      const origin = { trigger: 'schedule', scheduleId: id };
      const run = await this.starter.start(manager, caller, input, origin);
      schedule.lastRunId = run.id;
      return null;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'database_unavailable') throw error;
      this.logger.warn('a scheduled benchmark was not started', { schedule: id, reason: error.message });
      return error.message;
    }
  }
}
