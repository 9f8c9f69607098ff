import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, invalidField, newId } from '@signalbox/common';
import { BenchmarkRunEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { formatNanoUsd } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { type BenchmarkModel, BenchmarkPrices } from '../spending/benchmark-prices';
import { worstCaseNanoUsd } from '../spending/model-prices';
import { findSuite, suites } from '../suites/suites';
import type { BenchmarkSuite } from '../suites/task.types';
import { BenchmarkRunRepository } from './benchmark-run.repository';
import type { StartBenchmark } from './benchmark.types';

/** Each run has its cap; so many of them that wait are a mistake. */
const mostOpenRuns = 20;

export interface RunOrigin {
  readonly trigger: string;
  readonly scheduleId: string | null;
}

/** Makes a run of what was asked for, if it can be made: known models, known prices, a cap that lets a call pass. */
@Injectable()
export class RunStarter {
  constructor(
    private readonly runs: BenchmarkRunRepository,
    private readonly prices: BenchmarkPrices,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async start(
    manager: EntityManager,
    caller: Caller,
    input: StartBenchmark,
    origin: RunOrigin,
  ): Promise<BenchmarkRunEntity> {
    const suite = findSuite(input.suite);
    if (!suite) throw invalidField('suite', `must be one of ${suites.map(({ id }) => id).join(', ')}`);
    const models = await this.models(manager, input);
    requireRoom(input, suite, models);
    if ((await this.runs.countOpen(manager)) >= mostOpenRuns) {
      throw new AppError(
        'benchmark_runs_waiting',
        `${mostOpenRuns} runs wait already. Wait for their end, or cancel some: GET /api/v1/llm/benchmarks/runs lists them.`,
      );
    }
    const run = this.newRow(input, origin, worstCaseOf(input, suite, models));
    await this.runs.insert(manager, run, rowsOf(input, suite));
    const { models: names, samples, allowUnpriced } = input;
    await this.audit.record(manager, caller, {
      action: 'benchmark_run.started',
      targetType: 'benchmark_run',
      targetId: run.id,
      organizationId: null,
      changes: {
        suite: suite.id,
        models: names,
        samples,
        allowUnpriced,
        capUsd: formatNanoUsd(input.capNanoUsd),
        ...origin,
      },
    });
    return run;
  }

  private async models(manager: EntityManager, input: StartBenchmark): Promise<BenchmarkModel[]> {
    const found = await this.prices.models(manager, input.models);
    const known = new Set(found.map(({ name }) => name));
    const unknown = input.models.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw invalidField(
        'models',
        `must be chat models of the catalogue with an enabled deployment, by their own names; not so: ${unknown.join(', ')}`,
      );
    }
    const unpriced = found.filter(({ prices }) => !prices.isComplete).map(({ name }) => name);
    if (unpriced.length > 0 && !input.allowUnpriced) {
      throw new AppError(
        'benchmark_price_unknown',
        `Nobody knows what these models cost, so no cap could hold: ${unpriced.join(', ')}. State their prices in the facts of the model or its deployment, or send allow_unpriced: true; then they count as free.`,
      );
    }
    return found;
  }

  private newRow(input: StartBenchmark, origin: RunOrigin, worstCase: number): BenchmarkRunEntity {
    const now = this.clock.now();
    return Object.assign(new BenchmarkRunEntity(), {
      id: newId('benchmarkRun', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      suite: input.suite,
      models: [...input.models],
      samples: input.samples,
      allowUnpriced: input.allowUnpriced,
      virtualKeyId: null,
      keyEndedAt: null,
      ...origin,
      state: 'queued' as const,
      capNanoUsd: String(input.capNanoUsd),
      spentNanoUsd: '0',
      reservedNanoUsd: '0',
      unknownNanoUsd: '0',
      holder: null,
      progress: { worst_case_nano_usd: worstCase },
      problem: null,
      startedAt: null,
      endedAt: null,
    });
  }
}

function rowsOf(
  { models, samples }: StartBenchmark,
  { tasks }: BenchmarkSuite,
): { model: string; task: string; sample: number; position: number }[] {
  return models.flatMap((model) =>
    tasks.flatMap(({ id: task }, position) =>
      Array.from({ length: samples }, (_item, index) => ({ model, task, sample: index + 1, position })),
    ),
  );
}

function worstCaseOf(
  input: StartBenchmark,
  { tasks }: BenchmarkSuite,
  models: readonly BenchmarkModel[],
): number {
  const each = models.flatMap(({ prices }) => tasks.map((task) => worstCaseNanoUsd(prices, task)));
  return Math.min(each.reduce((sum, cost) => sum + cost, 0) * input.samples, Number.MAX_SAFE_INTEGER);
}

/** A cap under which a model's dearest task never fits would end the run half-way, whatever the rest costs. */
function requireRoom(
  input: StartBenchmark,
  { tasks }: BenchmarkSuite,
  models: readonly BenchmarkModel[],
): void {
  for (const { name, prices } of models) {
    const dearest = Math.max(...tasks.map((task) => worstCaseNanoUsd(prices, task)));
    if (dearest <= input.capNanoUsd) continue;
    throw invalidField(
      'max_cost_usd',
      `must be at least ${formatNanoUsd(dearest)}, which one call of ${name} may cost`,
    );
  }
}
