import type { BenchmarkResultEntity } from '@signalbox/database';
import type { BenchmarkSuite, TaskCategory } from '../suites/task.types';
import { percentile } from './percentile';
import { weightedShare, type WeightedShare } from './weighted-share';

export interface LatencyFigures {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface ModelFigures {
  readonly model: string;
  /** Calls, by how they ended. */
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly open: number;
  /** Of the suite's weight, the part that was answered. */
  readonly answeredShare: number;
  /** null: nothing was answered. */
  readonly quality: WeightedShare | null;
  readonly byCategory: Readonly<Partial<Record<TaskCategory, number>>>;
  readonly firstByte: LatencyFigures;
  readonly duration: LatencyFigures;
  readonly costNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** How often calls failed, by how. */
  readonly failures: Readonly<Record<string, number>>;
}

interface TaskScore {
  readonly category: TaskCategory;
  readonly score: number;
  readonly weight: number;
}

/** What failed says nothing about quality, and is counted apart. */
export function modelFigures(
  suite: BenchmarkSuite,
  model: string,
  results: readonly BenchmarkResultEntity[],
): ModelFigures {
  const own = results.filter((result) => result.model === model);
  const done = own.filter(({ state }) => state === 'done');
  const failed = own.filter(({ state }) => state === 'failed');
  const scores = taskScores(suite, done);
  const quality = weightedShare(scores);
  const suiteWeight = suite.tasks.reduce((sum, { weight }) => sum + weight, 0);
  return {
    model,
    done: done.length,
    failed: failed.length,
    skipped: own.filter(({ state }) => state === 'skipped').length,
    open: own.filter(({ state }) => state === 'waiting' || state === 'calling').length,
    answeredShare: (quality?.weightSum ?? 0) / suiteWeight,
    quality,
    byCategory: byCategory(scores),
    firstByte: latency(done.map(({ firstByteMs }) => firstByteMs)),
    duration: latency(done.map(({ durationMs }) => durationMs)),
    costNanoUsd: own.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd ?? 0), 0),
    promptTokens: done.reduce((sum, { promptTokens }) => sum + (promptTokens ?? 0), 0),
    completionTokens: done.reduce((sum, { completionTokens }) => sum + (completionTokens ?? 0), 0),
    failures: countsOf(failed.map(({ failure }) => failure ?? 'unknown')),
  };
}

/** Several samples of a task are one observation, their mean: they are alike, and would make the interval look too narrow. */
function taskScores(suite: BenchmarkSuite, done: readonly BenchmarkResultEntity[]): TaskScore[] {
  return suite.tasks.flatMap(({ id, category, weight }) => {
    const samples = done.filter(({ task }) => task === id).map(({ score }) => Number(score ?? 0));
    if (samples.length === 0) return [];
    return [{ category, weight, score: samples.reduce((sum, score) => sum + score, 0) / samples.length }];
  });
}

function byCategory(scores: readonly TaskScore[]): Partial<Record<TaskCategory, number>> {
  const shares: Partial<Record<TaskCategory, number>> = {};
  for (const category of new Set(scores.map((score) => score.category))) {
    const share = weightedShare(scores.filter((score) => score.category === category));
    if (share) shares[category] = share.value;
  }
  return shares;
}

function latency(values: readonly (number | null)[]): LatencyFigures {
  const known = values.filter((value) => value !== null);
  return { p50Ms: percentile(known, 0.5), p95Ms: percentile(known, 0.95) };
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
