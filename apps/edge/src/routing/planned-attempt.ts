import {
  type AnswerRoute,
  type AttemptCandidate,
  breakerName,
  type FailureReason,
  type PayingCredential,
  performanceSubject,
} from '@signalbox/gateway';
import type { FallbackTarget } from '../fallback/fallback-routes';

/** Why something else than the first choice answered. */
export type FallbackReason = FailureReason | 'hedged' | 'no_candidate' | 'context_length';

/** One call that may be made: of which model, on which way, with whose key. */
export interface PlannedAttempt {
  readonly route: AnswerRoute;
  /** The public name. */
  readonly model: string;
  readonly isCrossVendor: boolean;
  /** The kind. */
  readonly provider: string | null;
  readonly providerId: string | null;
  readonly deploymentId: string | null;
  readonly credential: PayingCredential | null;
  /** Whose figures it adds to; null: nobody's. */
  readonly measuredAs: string | null;
  /** null: no breaker watches it. */
  readonly breaker: string | null;
  /** Through LiteLLM. */
  readonly candidate: AttemptCandidate | null;
  /** Around it. */
  readonly target: FallbackTarget | null;
}

export function throughLitellm(candidate: AttemptCandidate): PlannedAttempt {
  const { model, isCrossVendor, deployment, credential } = candidate;
  return {
    route: 'litellm',
    model,
    isCrossVendor,
    provider: deployment?.provider_kind ?? null,
    providerId: deployment?.provider_id ?? null,
    deploymentId: deployment?.id ?? null,
    credential,
    measuredAs: deployment && performanceSubject(deployment.id, credential),
    // Where LiteLLM chooses by itself, one deployment's trouble would close the way to all of them.
    breaker: deployment && breakerName('litellm', deployment.id, credential?.id ?? null),
    candidate,
    target: null,
  };
}

export function aroundLitellm(target: FallbackTarget, isCrossVendor: boolean): PlannedAttempt {
  const { via, model, upstreamModel, provider, providerId, deploymentId, credential } = target;
  return {
    route: via,
    model,
    isCrossVendor,
    provider,
    providerId,
    deploymentId,
    credential,
    measuredAs: deploymentId === null ? null : performanceSubject(deploymentId, credential),
    breaker: breakerName(via, deploymentId ?? upstreamModel, credential?.id ?? null),
    candidate: null,
    target,
  };
}
