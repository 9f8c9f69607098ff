import { breakerName } from './breaker-names';
import type { PayingCredential } from './credential-resolution';
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
  /** Whose figures count. */
  readonly measuredAs: string;
}

/** What the edges see while calls go on. */
export interface MomentaryState {
  /** By `performanceSubject`. */
  readonly performance: ReadonlyMap<string, DeploymentPerformance>;
  /** By the breaker's name; null: none is open. */
  readonly isBreakerOpen: ((breaker: string) => boolean) | null;
}

/** A server of a customer's own is measured apart: it is no part of what others call. */
export function performanceSubject(deploymentId: string, credential: PayingCredential | null): string {
  return credential?.hasOwnAddress ? `${deploymentId}/${credential.id}` : deploymentId;
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
    measuredAs: performanceSubject(deployment.id, credential),
  };
}

export function atThisMoment(
  { model, mode, deployment, credential, facts, breaker, measuredAs }: KnownCandidate,
  { performance, isBreakerOpen }: MomentaryState,
): ScoringCandidate {
  return {
    model,
    mode,
    deployment,
    credential,
    facts,
    performance: performance.get(measuredAs) ?? unknownPerformance,
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
