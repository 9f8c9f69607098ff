import type { RouteChoiceInput } from './route-choice.types';
import { rankCandidates } from './scoring/rank-candidates';
import type { Ranking, RankingInput, ScoringCandidate, ScoringRules } from './scoring/scoring.types';

export interface Ranked {
  readonly ranking: Ranking;
  readonly input: RankingInput;
  /** In the order in which to try them: those that may be called now, then those whose trouble may be over by then. */
  readonly order: readonly ScoringCandidate[];
}

export type IsLate = (candidate: ScoringCandidate) => boolean;

/** @param sources what the candidates were made of, in the same order. @returns null: nobody's key is out of credit */
export function lastResortsAmong(
  candidates: readonly ScoringCandidate[],
  sources: readonly { readonly isLastResort?: boolean }[],
): IsLate | null {
  const late = candidates.filter((_, index) => sources[index]?.isLastResort);
  if (late.length === 0) return null;
  const known = new Set(late);
  return (one) => known.has(one);
}

/** Who is out of credit comes after all others; who is behind an open breaker too, and the queue looks at that once more. */
export function rankInOrder(
  { needs, draw, affinityKey }: Pick<RouteChoiceInput, 'needs' | 'draw' | 'affinityKey'>,
  rules: ScoringRules,
  candidates: readonly ScoringCandidate[],
  isLastResort: IsLate | null,
): Ranked {
  const common = { needs: needs(), rules, draw, affinityKey };
  const soon = isLastResort ? candidates.filter((one) => !isLastResort(one)) : candidates;
  const input: RankingInput = { ...common, candidates: soon.length > 0 ? soon : candidates };
  const ranking = rankCandidates(input);
  const order = ranking.ranked.map(({ candidate }) => candidate);
  const isLate: IsLate = (one) => one.isBreakerOpen || (soon.length > 0 && isLastResort?.(one) === true);
  const late = candidates.filter(isLate);
  if (late.length > 0) {
    const closed = late.map((one) => ({ ...one, isBreakerOpen: false }));
    const after = rankCandidates({ ...common, candidates: closed, draw: 1 });
    order.push(...after.ranked.map(({ candidate }) => candidate));
  }
  return { ranking, input, order };
}
