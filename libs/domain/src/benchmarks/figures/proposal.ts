import type { BenchmarkRunEntity } from '@signalbox/database';
import { formatNanoUsd } from '@signalbox/gateway';
import type { BenchmarkSuite } from '../suites/task.types';
import type { ModelFigures } from './model-figures';

/** With less of the suite, the score would say which tasks were left out rather than how good the model is. */
const leastAnswered = 0.9;

export interface ScoreProposal {
  readonly model: string;
  /** From 0 to 1. */
  readonly score: number;
  readonly arithmetic: string;
}

/** @returns null: too little was answered to say anything */
export function proposalOf(
  run: Pick<BenchmarkRunEntity, 'id' | 'samples'>,
  suite: BenchmarkSuite,
  figures: ModelFigures,
): ScoreProposal | null {
  if (!figures.quality || figures.answeredShare < leastAnswered) return null;
  const score = Math.round(figures.quality.value * 1_000) / 1_000;
  return { model: figures.model, score, arithmetic: arithmeticOf(run, suite, figures) };
}

/** How the quality was worked out, for whoever decides on it. */
export function arithmeticOf(
  run: Pick<BenchmarkRunEntity, 'id' | 'samples'>,
  suite: BenchmarkSuite,
  { quality, done, failed, skipped, answeredShare, firstByte, duration, costNanoUsd }: ModelFigures,
): string {
  if (!quality)
    return `Suite ${suite.id}: nothing was answered (${failed} calls failed, ${skipped} were not made).`;
  const samples = run.samples === 1 ? '' : `, each the mean of ${run.samples} samples`;
  return [
    `Suite ${suite.id}: weights x scores are ${rounded(quality.weightedSum, 2)} of ${rounded(quality.weightSum, 2)}, so ${rounded(quality.value, 3)}${samples}.`,
    `With 95 % certainty between ${rounded(quality.low, 3)} and ${rounded(quality.high, 3)} (Wilson, ${rounded(quality.effectiveCount, 1)} effective tasks).`,
    `${done} calls answered, ${failed} failed, ${skipped} not made: ${rounded(answeredShare * 100, 0)} % of the suite's weight.`,
    `First token p50 ${firstByte.p50Ms ?? '-'} ms, whole answer p50 ${duration.p50Ms ?? '-'} ms and p95 ${duration.p95Ms ?? '-'} ms, cost $${formatNanoUsd(costNanoUsd)}. Run ${run.id}.`,
  ].join(' ');
}

function rounded(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
