import { breakerName } from './breaker-names';
import { unknownFacts } from './model-facts';
import type { FactsDocument } from './projection.documents';
import {
  type DeploymentPerformance,
  type ScoringCandidate,
  unknownPerformance,
} from './scoring/scoring.types';

type Planned = Pick<ScoringCandidate, 'model' | 'mode' | 'deployment' | 'credential'>;
type Facts = Pick<FactsDocument, 'deployments'> | null;

/** A candidate, without what changes from call to call. */
export interface KnownCandidate extends Planned, Pick<ScoringCandidate, 'facts'> {
  readonly breaker: string;
}

/** What the edges see while calls go on. */
export interface MomentaryState {
  /** By deployment. */
  readonly performance: ReadonlyMap<string, DeploymentPerformance>;
  /** By the breaker's name; null: none is open. */
  readonly isBreakerOpen: ((breaker: string) => boolean) | null;
}

export function knownCandidate(
  { model, mode, deployment, credential }: Planned,
  facts: Facts,
): KnownCandidate {
  return {
    model,
    mode,
    deployment,
    credential,
    facts: facts?.deployments[deployment.id] ?? unknownFacts,
    breaker: breakerName('litellm', deployment.id, credential?.id ?? null),
  };
}

export function atThisMoment(
  { model, mode, deployment, credential, facts, breaker }: KnownCandidate,
  { performance, isBreakerOpen }: MomentaryState,
): ScoringCandidate {
  return {
    model,
    mode,
    deployment,
    credential,
    facts,
    performance: performance.get(deployment.id) ?? unknownPerformance,
    isBreakerOpen: isBreakerOpen?.(breaker) ?? false,
  };
}

/** With all that is known of it at this moment. */
export function candidateAsItIs(
  planned: Planned,
  state: MomentaryState & { readonly facts: Facts },
): ScoringCandidate {
  return atThisMoment(knownCandidate(planned, state.facts), state);
}
