import type { AttemptPlan, PlanRefusal } from './attempt-plan';
import type { PoolInput } from './candidate-pool';
import type { RouteTarget } from './route-target';
import type { PowerLevel } from './routing-policy';
import type { DecisionSubject } from './scoring/decision-record';
import type { DeploymentPerformance, Ranking, RankingInput, RequestNeeds } from './scoring/scoring.types';

/** How `auto` came to its level. */
export interface AutoLevel {
  readonly level: PowerLevel;
  readonly classification: DecisionSubject['classification'] | null;
}

/** All that a choice depends on: the same input gives the same choice, at the edge as where it is explained. */
export interface RouteChoiceInput extends PoolInput {
  /** As the client wrote it. */
  readonly asked: string;
  /** How each deployment has been lately, by its id. A changed one is another object. */
  readonly performance: ReadonlyMap<string, DeploymentPerformance>;
  /** By names of `breakerName('litellm', ...)`. null: none is open. */
  readonly isBreakerOpen: ((breaker: string) => boolean) | null;
  /** Asked for only where there is something to choose from. */
  readonly needs: () => RequestNeeds;
  /** Of the route, as in `needs`. null: any. */
  readonly mode: string | null;
  /** For a request for `auto`; null: the policy's own level. */
  readonly auto: AutoLevel | null;
  /** affinityKeyOf: the same for all requests of a conversation; null: none, or not asked for. */
  readonly affinityKey: string | null;
  /** From 0 to 1, drawn once per request. */
  readonly draw: number;
}

export interface RouteRefusal {
  readonly code: PlanRefusal;
  /** In place of the code's own. */
  readonly message: string | null;
}

export interface RouteChoice {
  readonly target: RouteTarget;
  /** By which the candidates are chosen; null: a model was asked for by its name. */
  readonly powerLevel: PowerLevel | null;
  /** Why what was asked for has no candidate; its cascade may have some all the same. null: it has. */
  readonly refusal: RouteRefusal | null;
  /** null: there is one deployment, or the operator's own shares decide. */
  readonly ranking: Ranking | null;
  readonly rankingInput: RankingInput | null;
  /** The candidates in the order in which to try them, then those of the cascade. */
  readonly plan: AttemptPlan;
  /** Whether a way around LiteLLM may be taken for this request; of one without a deployment nothing is known. */
  readonly allowsAround: (model: string, deploymentId: string | null) => boolean;
}
