import type { BenchmarkResultEntity, BenchmarkScheduleEntity } from '@signalbox/database';
import type { BenchmarkReport, BenchmarkRunDetails, ModelReport } from '@signalbox/domain/benchmarks';
import { formatNanoUsd } from '@signalbox/gateway';
import type {
  BenchmarkModelView,
  BenchmarkReportView,
  BenchmarkResultView,
  BenchmarkRunView,
  BenchmarkScheduleView,
} from './benchmark.dto';

const usd = (nanoUsd: string | number): string => formatNanoUsd(Number(nanoUsd));
const thousandths = (share: number): number => Math.round(share * 1_000) / 1_000;

export function toBenchmarkRunView({ run, counts }: BenchmarkRunDetails): BenchmarkRunView {
  return {
    id: run.id,
    suite: run.suite,
    models: run.models,
    samples: run.samples,
    allow_unpriced: run.allowUnpriced,
    state: run.state,
    trigger: run.trigger,
    schedule_id: run.scheduleId,
    progress: counts,
    max_cost_usd: usd(run.capNanoUsd),
    spent_usd: usd(run.spentNanoUsd),
    reserved_usd: usd(run.reservedNanoUsd),
    unknown_usd: usd(run.unknownNanoUsd),
    worst_case_usd: usd(Number(run.progress['worst_case_nano_usd'] ?? 0)),
    problem: run.problem,
    virtual_key_id: run.virtualKeyId,
    created_at: run.createdAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    ended_at: run.endedAt?.toISOString() ?? null,
  };
}

export function toBenchmarkReportView(report: BenchmarkReport): BenchmarkReportView {
  return { ...toBenchmarkRunView(report), results: report.models.map(toModelView) };
}

function toModelView(figures: ModelReport): BenchmarkModelView {
  const { quality, done, failed, skipped, open } = figures;
  const categories = Object.entries(figures.byCategory).map(([name, share]) => [name, thousandths(share)]);
  return {
    model: figures.model,
    quality: quality && {
      value: thousandths(quality.value),
      low: thousandths(quality.low),
      high: thousandths(quality.high),
      effective_tasks: Math.round(quality.effectiveCount * 10) / 10,
    },
    arithmetic: figures.arithmetic,
    quality_by_category: Object.fromEntries(categories) as Record<string, number>,
    calls: { waiting: open, done, failed, skipped },
    failures: { ...figures.failures },
    first_token: { p50_ms: figures.firstByte.p50Ms, p95_ms: figures.firstByte.p95Ms },
    duration: { p50_ms: figures.duration.p50Ms, p95_ms: figures.duration.p95Ms },
    prompt_tokens: figures.promptTokens,
    completion_tokens: figures.completionTokens,
    cost_usd: usd(figures.costNanoUsd),
  };
}

export function toBenchmarkResultView(result: BenchmarkResultEntity): BenchmarkResultView {
  return {
    model: result.model,
    task: result.task,
    sample: result.sample,
    state: result.state,
    score: result.score === null ? null : Number(result.score),
    first_token_ms: result.firstByteMs,
    duration_ms: result.durationMs,
    prompt_tokens: result.promptTokens,
    completion_tokens: result.completionTokens,
    cost_usd: result.costNanoUsd === null ? null : usd(result.costNanoUsd),
    request_id: result.requestId,
    failure: result.failure,
    detail: result.detail,
  };
}

export function toBenchmarkScheduleView(schedule: BenchmarkScheduleEntity): BenchmarkScheduleView {
  return {
    id: schedule.id,
    every: schedule.every,
    suite: schedule.suite,
    models: schedule.models,
    samples: schedule.samples,
    allow_unpriced: schedule.allowUnpriced,
    max_cost_usd: usd(schedule.capNanoUsd),
    next_run_at: schedule.nextRunAt.toISOString(),
    last_run_id: schedule.lastRunId,
    problem: schedule.problem,
    created_at: schedule.createdAt.toISOString(),
  };
}
