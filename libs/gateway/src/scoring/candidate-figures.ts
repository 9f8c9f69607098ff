import { costPicoUsd, pricesCharged } from '../token-prices';
import type { RequestNeeds, ScoringCandidate } from './scoring.types';

/**
 * The figures that a score is made of, as whole numbers: a decision that is kept as those numbers gives the same order when it
 * is replayed.
 */

/** What is expected of a model counts as much as so many calls. More, and a fast one is not found out by the few calls that try it. */
const priorCalls = 1;
const usualFirstByteMs = 800;
const longestFirstByteMs = 3_600_000;
const unknownQualityPermille = 500;

function clampedPermille(share: number): number {
  // NaN, which no comparison catches, counts as nothing.
  return Math.round(Math.min(Math.max(share || 0, 0), 1) * 1_000);
}

/** Measured, and as far as little was measured, what is expected. */
export function firstByteMsOf({ performance, facts }: ScoringCandidate): number {
  const { firstByteMs, weight: calls, firstByteWeight: weight = calls } = performance;
  const expectedMs = facts.prior_first_byte_ms ?? usualFirstByteMs;
  const blendedMs =
    firstByteMs === null
      ? expectedMs
      : (firstByteMs * weight + expectedMs * priorCalls) / (weight + priorCalls);
  return Math.min(Math.max(Math.round(blendedMs), 1), longestFirstByteMs);
}

export function errorPermilleOf({ performance }: ScoringCandidate): number {
  return clampedPermille(performance.errorRate);
}

export function qualityPermilleOf({ facts }: ScoringCandidate): number {
  return facts.quality === null ? unknownQualityPermille : clampedPermille(facts.quality);
}

/** Of a thousand tokens of prompts, those that the provider had cached lately. */
export function cachedPermilleOf({ performance }: ScoringCandidate): number {
  return clampedPermille(performance.cachedShare ?? 0);
}

/** How much is known, in hundredths of a call. */
export function weightCentsOf({ performance }: ScoringCandidate): number {
  return Math.round(Math.min(performance.weight, 1_000_000) * 100);
}

/** Of the whole request; null: nobody knows its price. */
export function requestCostPicoUsd(
  { facts }: ScoringCandidate,
  needs: RequestNeeds,
  cacheRead = needs.cachedPromptTokens,
): number | null {
  const prices = pricesCharged(facts);
  if (prices === null) return null;
  const { promptTokens: prompt, expectedAnswerTokens: answer } = needs;
  return costPicoUsd(prices, { prompt, cacheRead, cacheWrite: 0, answer });
}

/**
 * What it will probably cost, if as much of the prompt is cached as lately. A ceiling is held against the cost without that luck:
 * requestCostPicoUsd.
 */
export function expectedCostPicoUsd(candidate: ScoringCandidate, needs: RequestNeeds): number | null {
  const cost = requestCostPicoUsd(candidate, needs);
  const cachedTokens = Math.floor((needs.promptTokens * cachedPermilleOf(candidate)) / 1_000);
  if (cost === null || cachedTokens <= needs.cachedPromptTokens) return cost;
  return Math.min(cost, requestCostPicoUsd(candidate, needs, cachedTokens) ?? cost);
}

/** Rounded up, exactly: a ceiling is not passed by a part of a pico-dollar. */
export function costPer1kPicoUsdOf(requestCost: number, needs: RequestNeeds): number {
  const tokens = Math.max(1, needs.promptTokens + needs.expectedAnswerTokens);
  const thousandfold = requestCost * 1_000;
  if (thousandfold <= Number.MAX_SAFE_INTEGER) {
    const rest = thousandfold % tokens;
    return (thousandfold - rest) / tokens + (rest > 0 ? 1 : 0);
  }
  const exact = (BigInt(requestCost) * 1_000n + BigInt(tokens) - 1n) / BigInt(tokens);
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : Number.MAX_SAFE_INTEGER;
}
