import {
  costPer1kPicoUsdOf,
  expectedCostPicoUsd,
  errorPermilleOf,
  firstByteMsOf,
  qualityPermilleOf,
} from './candidate-figures';
import { nanoUsdOf } from '../token-prices';
import type {
  RequestNeeds,
  ScoredCandidate,
  ScoreWeights,
  ScoringCandidate,
  ScoringRules,
} from './scoring.types';

/** Decides between candidates of nearly the same score. */
const preferenceBonus = 0.05;
const localWord = 'local';
const freeWord = 'free';

/** 1: nothing of the scale is used up; 0: all of it, or more. */
function saved(amount: number, scale: number): number {
  if (scale <= 0) return amount <= 0 ? 1 : 0;
  return amount >= scale ? 0 : 1 - amount / scale;
}

function isPreferred({ facts, deployment }: ScoringCandidate, preferred: readonly string[]): boolean {
  return (
    preferred.includes(deployment.provider_kind) ||
    (facts.local && preferred.includes(localWord)) ||
    (facts.free && preferred.includes(freeWord))
  );
}

export function normalized({ cost, latency, quality }: ScoreWeights): ScoreWeights {
  const sum = cost + latency + quality || 1;
  return { cost: cost / sum, latency: latency / sum, quality: quality / sum };
}

/** The formula. Nothing but the candidate itself counts, so its score is the same in whatever company. */
export function scoreOf(
  candidate: ScoringCandidate,
  needs: RequestNeeds,
  rules: ScoringRules,
  weights: ScoreWeights,
): ScoredCandidate {
  const requestCost = expectedCostPicoUsd(candidate, needs);
  const costPer1kPicoUsd = requestCost === null ? null : costPer1kPicoUsdOf(requestCost, needs);
  const firstByteMs = firstByteMsOf(candidate);
  const parts = {
    cost: costPer1kPicoUsd === null ? 0 : weights.cost * saved(costPer1kPicoUsd, rules.costScalePicoUsd),
    latency: weights.latency * saved(firstByteMs, rules.maxFirstByteMs),
    quality: (weights.quality * qualityPermilleOf(candidate)) / 1_000,
    errorFactor: 1 - errorPermilleOf(candidate) / 2_000,
    preference: isPreferred(candidate, rules.preferred) ? preferenceBonus : 0,
  };
  return {
    candidate,
    score: (parts.cost + parts.latency + parts.quality) * parts.errorFactor + parts.preference,
    parts,
    costPicoUsd: requestCost,
    costPer1kPicoUsd,
    expectedCostNanoUsd: requestCost === null ? null : nanoUsdOf(requestCost),
    firstByteMs,
  };
}
