/** Of the normal distribution, for 95 of 100. */
const z = 1.959964;

export interface WeightedScore {
  readonly score: number;
  readonly weight: number;
}

export interface WeightedShare {
  /** Sum of weight x score, over the sum of weights. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** How many equally weighted tasks would say as much: (sum of weights)^2 / sum of weights^2. */
  readonly effectiveCount: number;
  readonly weightedSum: number;
  readonly weightSum: number;
}

/**
 * The weighted mean with Wilson's interval (95 %), which stays within 0 and 1 and is honest about few tasks. Scores between 0 and 1
 * vary no more than right-or-wrong ones of the same mean, so for them it is rather too wide than too narrow.
 *
 * @returns null: nothing was scored
 */
export function weightedShare(scores: readonly WeightedScore[]): WeightedShare | null {
  const weightSum = sum(scores.map(({ weight }) => weight));
  if (weightSum <= 0) return null;
  const weightedSum = sum(scores.map(({ score, weight }) => score * weight));
  const effectiveCount = weightSum ** 2 / sum(scores.map(({ weight }) => weight ** 2));
  const value = Math.min(weightedSum / weightSum, 1);
  const spread = z ** 2 / effectiveCount;
  const middle = (value + spread / 2) / (1 + spread);
  const half =
    (Math.sqrt((value * (1 - value)) / effectiveCount + spread / (4 * effectiveCount)) * z) / (1 + spread);
  return {
    value,
    low: Math.max(0, Math.min(middle - half, value)),
    high: Math.min(1, Math.max(middle + half, value)),
    effectiveCount,
    weightedSum,
    weightSum,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
