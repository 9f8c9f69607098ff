import { breakerName } from './breaker-names';
import { unknownFacts } from './model-facts';
import type { RouteChoiceInput } from './route-choice.types';
import { rankCandidates } from './scoring/rank-candidates';
import {
  type Ranking,
  type RankingInput,
  type ScoringCandidate,
  type ScoringRules,
  unknownPerformance,
} from './scoring/scoring.types';

export interface Ranked {
  readonly ranking: Ranking;
  readonly input: RankingInput;
  /** In the order in which to try them: those that may be called now, then those whose trouble may be over by then. */
  readonly order: readonly ScoringCandidate[];
}

/** With what is known of it at this moment. */
export function candidateAsItIs(
  planned: Pick<ScoringCandidate, 'model' | 'mode' | 'deployment' | 'credential'>,
  { facts, performance, isBreakerOpen }: Pick<RouteChoiceInput, 'facts' | 'performance' | 'isBreakerOpen'>,
): ScoringCandidate {
  const { model, mode, deployment, credential } = planned;
  return {
    model,
    mode,
    deployment,
    credential,
    facts: facts?.deployments[deployment.id] ?? unknownFacts,
    performance: performance.get(deployment.id) ?? unknownPerformance,
    isBreakerOpen: isBreakerOpen?.(breakerName('litellm', deployment.id, credential?.id ?? null)) ?? false,
  };
}

export type IsLate = (candidate: ScoringCandidate) => boolean;

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
