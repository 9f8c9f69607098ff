import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeCursor, decodeIdCursor, type Page, toPage } from '@signalbox/common';
import {
  type BenchmarkInterval,
  type BenchmarkResultEntity,
  type BenchmarkRunEntity,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { type ModelFigures, modelFigures } from '../figures/model-figures';
import { arithmeticOf } from '../figures/proposal';
import { BenchmarkScheduleService } from '../schedules/benchmark-schedule.service';
import { SpendingRepository } from '../spending/spending.repository';
import { findSuite } from '../suites/suites';
import { BenchmarkRunRepository, type ResultPosition } from './benchmark-run.repository';
import type { BenchmarkRunDetails, ResultFilter, StartBenchmark } from './benchmark.types';
import { RunStarter } from './run-starter';

export interface ModelReport extends ModelFigures {
  readonly arithmetic: string;
}

export interface BenchmarkReport extends BenchmarkRunDetails {
  /** Empty: this version does not know the run's suite any more. */
  readonly models: readonly ModelReport[];
}

/** Starts benchmark runs, shows them, and cancels them. A worker does the work. */
@Injectable()
export class BenchmarkRunService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly runs: BenchmarkRunRepository,
    private readonly starter: RunStarter,
    private readonly schedules: BenchmarkScheduleService,
    private readonly spending: SpendingRepository,
    private readonly audit: AuditTrail,
    private readonly jobs: JobProducer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @param every the run is made again and again; this is its first round */
  async start(
    caller: Caller,
    input: StartBenchmark,
    every: BenchmarkInterval | null = null,
  ): Promise<BenchmarkRunDetails> {
    requireOperator(caller, 'models:write');
    const details = await this.inPlatform(async (manager) => {
      const schedule = every === null ? null : await this.schedules.add(manager, caller, { ...input, every });
      const origin = { trigger: caller.actorId, scheduleId: schedule?.id ?? null };
      const run = await this.starter.start(manager, caller, input, origin);
      if (schedule) await this.schedules.noteRun(manager, schedule, run.id);
      return this.details(manager, run);
    });
    await this.jobs.add('benchmark.advance', {});
    return details;
  }

  async list(caller: Caller, limit: number, cursor?: string): Promise<Page<BenchmarkRunDetails>> {
    requireOperator(caller, 'models:read');
    const before = decodeIdCursor('benchmarkRun', cursor);
    return this.inPlatform(async (manager) => {
      const rows = await this.runs.list(manager, limit + 1, before);
      const counts = await this.runs.counts(
        manager,
        rows.map(({ id }) => id),
      );
      const page = rows.map((run) => ({ run, counts: counts.get(run.id) }));
      return toPage(
        page,
        limit,
        ({ run }) => run.id,
        (row) => row as BenchmarkRunDetails,
      );
    });
  }

  async get(caller: Caller, id: string): Promise<BenchmarkReport> {
    requireOperator(caller, 'models:read');
    return this.inPlatform(async (manager) => {
      const run = known(await this.runs.find(manager, id));
      const results = await this.runs.results(manager, id);
      const suite = findSuite(run.suite);
      const models = suite ? run.models.map((model) => modelFigures(suite, model, results)) : [];
      const reports = models.map((figures) => ({
        ...figures,
        arithmetic: suite ? arithmeticOf(run, suite, figures) : '',
      }));
      return { ...(await this.details(manager, run)), models: reports };
    });
  }

  async listResults(
    caller: Caller,
    runId: string,
    filter: ResultFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<BenchmarkResultEntity>> {
    requireOperator(caller, 'models:read');
    const after = cursor === undefined ? null : positionOf(cursor);
    return this.inPlatform(async (manager) => {
      known(await this.runs.find(manager, runId));
      const rows = await this.runs.listResults(manager, runId, filter, limit + 1, after);
      return toPage(
        rows,
        limit,
        ({ model, task, sample }) => JSON.stringify([model, task, sample]),
        (row) => row,
      );
    });
  }

  /** No call is made any more; those under way end by themselves, and what they cost is counted. */
  async cancel(caller: Caller, id: string): Promise<BenchmarkRunDetails> {
    requireOperator(caller, 'models:write');
    const details = await this.inPlatform(async (manager) => {
      const run = known(await this.runs.findForUpdate(manager, id));
      if (run.state === 'cancelled') return this.details(manager, run);
      if (run.state !== 'queued' && run.state !== 'running') {
        throw new AppError('benchmark_run_ended', `It is ${run.state}. What it came to stays.`);
      }
      const now = this.clock.now();
      Object.assign(run, { state: 'cancelled', endedAt: now, updatedAt: now, version: run.version + 1 });
      await this.runs.save(manager, run);
      await this.spending.skipWaiting(manager, id);
      await this.audit.record(manager, caller, {
        action: 'benchmark_run.cancelled',
        targetType: 'benchmark_run',
        targetId: id,
        organizationId: null,
      });
      return this.details(manager, run);
    });
    await this.jobs.add('benchmark.advance', {});
    return details;
  }

  private async details(manager: EntityManager, run: BenchmarkRunEntity): Promise<BenchmarkRunDetails> {
    const counts = await this.runs.counts(manager, [run.id]);
    return { run, counts: counts.get(run.id) } as BenchmarkRunDetails;
  }

  private inPlatform<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.transactions.run('platform', work);
  }
}

function known(run: BenchmarkRunEntity | null): BenchmarkRunEntity {
  if (run) return run;
  throw new AppError(
    'benchmark_run_not_found',
    'Check the id; GET /api/v1/llm/benchmarks/runs lists the known ones.',
  );
}

function positionOf(cursor: string): ResultPosition {
  const parts = parse(decodeCursor(cursor));
  const [model, task, sample] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (isText(model) && isText(task) && isSample(sample)) return { model, task, sample };
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}

const largestSample = 1_000;

function isSample(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= largestSample;
}

/** PostgreSQL's text holds no NUL, which JSON may spell. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
