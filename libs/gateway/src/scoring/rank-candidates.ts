import { weightCentsOf } from './candidate-figures';
import { dropReasonDespiteLacks, dropReasonOf } from './drop-reason';
import { normalized, scoreOf } from './score';
import type {
  DroppedCandidate,
  Ranking,
  RankingInput,
  ScoredCandidate,
  ScoringCandidate,
} from './scoring.types';
import { hashOf, rendezvousWeight } from './stable-hash';

/** A conversation stays with whom it is for as long as that one has this share of the best score. */
const affinityShare = 0.9;

interface Sieved {
  readonly kept: readonly ScoringCandidate[];
  readonly dropped: readonly DroppedCandidate[];
}

type Judge = typeof dropReasonOf;

function sieve({ candidates, needs, rules }: RankingInput, judge: Judge): Sieved {
  const kept: ScoringCandidate[] = [];
  const dropped: DroppedCandidate[] = [];
  for (const candidate of candidates) {
    const reason = judge(candidate, needs, rules);
    if (reason === null) kept.push(candidate);
    else dropped.push({ candidate, reason });
  }
  return { kept, dropped };
}

/** Whoever names a model gets it, and if need be its own error, rather than nobody for what the catalogue says it lacks. */
function sieved(input: RankingInput): Sieved {
  const strict = sieve(input, dropReasonOf);
  const isNamed = input.rules.powerLevel === null;
  return strict.kept.length === 0 && isNamed ? sieve(input, dropReasonDespiteLacks) : strict;
}

type TierOf = (scored: ScoredCandidate) => number;

/** Tiers come one after the other, whatever the scores: by the given order of models, local ones, those with a price. */
function tiersOf({ candidates, rules }: RankingInput): TierOf {
  const places = new Map<string, number>();
  if (rules.keepsOrder)
    for (const { model } of candidates) if (!places.has(model)) places.set(model, places.size);
  return ({ candidate, costPer1kPicoUsd }) => {
    const isBehindLocal = rules.preferLocal && !candidate.facts.local;
    const place = rules.keepsOrder ? (places.get(candidate.model) ?? 0) : 0;
    return place * 4 + (isBehindLocal ? 2 : 0) + (costPer1kPicoUsd === null ? 1 : 0);
  };
}

function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The better score; then cheaper, faster, by name: never by the order in which the candidates came. */
function compare(left: ScoredCandidate, right: ScoredCandidate): number {
  return (
    right.score - left.score ||
    (left.costPicoUsd ?? 0) - (right.costPicoUsd ?? 0) ||
    left.firstByteMs - right.firstByteMs ||
    compareTexts(left.candidate.deployment.id, right.candidate.deployment.id) ||
    compareTexts(left.candidate.model, right.candidate.model)
  );
}

/** The place of the highest weight; who does not count has a negative one. */
function bestBy(count: number, weightOf: (index: number) => number): number {
  let [best, bestWeight] = [0, -1];
  for (let index = 0; index < count; index += 1) {
    const weight = weightOf(index);
    if (weight > bestWeight) [best, bestWeight] = [index, weight];
  }
  return best;
}

/** Each conversation has its favourite among those that are nearly the best. */
function favouriteOf(leading: readonly ScoredCandidate[], key: string): number {
  const keyHash = hashOf(key);
  const floor = (leading[0]?.score ?? 0) * affinityShare;
  return bestBy(leading.length, (index) => {
    const { score, candidate } = leading[index]!;
    return score < floor ? -1 : rendezvousWeight(keyHash, candidate.deployment.id);
  });
}

/** What it would score if it answered at once and never failed: what a try could find out at best. */
function bestCaseOf({ parts }: ScoredCandidate, latencyWeight: number): number {
  return parts.cost + latencyWeight + parts.quality + parts.preference;
}

/** Of whom least is known, among those that might turn out to be the best; the draw decides among equals. */
function leastKnownOf(leading: readonly ScoredCandidate[], latencyWeight: number, draw: number): number {
  const toBeat = leading[0]?.score ?? 0;
  const promising = leading.map((one) => bestCaseOf(one, latencyWeight) >= toBeat);
  const weights = leading.map(({ candidate }, index) =>
    promising[index] ? weightCentsOf(candidate) : Number.POSITIVE_INFINITY,
  );
  const least = Math.min(...weights);
  const drawHash = hashOf(String(draw));
  return bestBy(leading.length, (index) =>
    weights[index]! > least ? -1 : rendezvousWeight(drawHash, leading[index]!.candidate.deployment.id),
  );
}

function movedToFront(ranked: readonly ScoredCandidate[], index: number): readonly ScoredCandidate[] {
  if (index === 0) return ranked;
  return [ranked[index]!, ...ranked.slice(0, index), ...ranked.slice(index + 1)];
}

/**
 * Who may be called for this request, the best one first. Depends on nothing but its input, and on the order of the candidates
 * only where the rules say so.
 */
export function rankCandidates(input: RankingInput): Ranking {
  const { needs, rules, draw, affinityKey } = input;
  const { kept, dropped } = sieved(input);
  const weights = normalized(rules.weights);
  const tierOf = tiersOf(input);
  const ranked = kept
    .map((candidate) => scoreOf(candidate, needs, rules, weights))
    .sort((left, right) => tierOf(left) - tierOf(right) || compare(left, right));
  const [best] = ranked;
  if (!best) return { ranked, dropped, isExploring: false };
  const explores = affinityKey === null && draw < rules.exploration;
  if (affinityKey === null && !explores) return { ranked, dropped, isExploring: false };
  const leading = ranked.filter((one) => tierOf(one) === tierOf(best));
  const first =
    affinityKey === null ? leastKnownOf(leading, weights.latency, draw) : favouriteOf(leading, affinityKey);
  return { ranked: movedToFront(ranked, first), dropped, isExploring: explores && first > 0 };
}
