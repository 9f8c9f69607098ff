import type {
  AutoLevel,
  CatalogueDeployment,
  CatalogueDocument,
  CredentialsDocument,
  DeploymentFacts,
  DeploymentPerformance,
  DropReason,
  FactsDocument,
  FallbackWay,
  GatewayErrorCode,
  KeyDocument,
  LlmRoute,
  OpenBreakerHint,
  OrganizationDocument,
  PayingCredential,
  RequestNeeds,
  RouteTarget,
  RoutingRules,
  ScoredCandidate,
  ScoringRules,
  WorkspaceDocument,
} from '@signalbox/gateway';
import type { EffectiveRouting } from '../routing-layers';

export type OpenBreaker = OpenBreakerHint;

/** Whose request it would be. */
export interface ExplainedCaller {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly userId: string | null;
  /** Of the values of the virtual key; none are left of one that ended long ago. null: any key of the workspace that allows all models. */
  readonly keyHashes: readonly string[] | null;
}

/** What the edges know at one moment. */
export interface EdgeState {
  readonly keys: readonly KeyDocument[];
  readonly workspace: WorkspaceDocument | null;
  readonly organization: OrganizationDocument | null;
  readonly platformRules: RoutingRules;
  readonly facts: FactsDocument | null;
  readonly catalogue: CatalogueDocument | null;
  readonly documentOf: (ownerKey: string) => CredentialsDocument | null;
  readonly performance: ReadonlyMap<string, DeploymentPerformance>;
  /** By their names. */
  readonly openBreakers: ReadonlyMap<string, OpenBreaker>;
  readonly nowMs: number;
}

/** A request as it would come to port 4000. */
export interface ExplainedRequest {
  readonly route: LlmRoute;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly model: string;
  /** Of the body. */
  readonly byteLength: number;
  /** The header x-session-id. */
  readonly sessionId: string | undefined;
  /** From 0 to 1: the edge draws one for each request. */
  readonly draw: number;
}

export interface ExplainedCandidate {
  readonly model: string;
  readonly deployment: CatalogueDeployment;
  readonly credential: PayingCredential | null;
  readonly facts: DeploymentFacts;
  readonly performance: DeploymentPerformance;
  /** null: it is closed. */
  readonly breaker: OpenBreaker | null;
  /** Place among those that are tried, from 1. null: it is not. */
  readonly place: number | null;
  /** null: it was dropped before anything was scored, or comes after all others (its key is out of credit, its breaker is open). */
  readonly scored: ScoredCandidate | null;
  readonly dropped: DropReason | null;
}

export interface ExplainedAttempt {
  readonly model: string;
  /** null: LiteLLM chooses (a release of an older version). */
  readonly deployment: CatalogueDeployment | null;
  readonly credential: PayingCredential | null;
  readonly isCrossVendor: boolean;
  /** cascade: what was asked for has nobody else. */
  readonly source: 'asked' | 'cascade';
  /** With another key, since the breaker of the first one is open. */
  readonly standsIn: boolean;
  /** It is left out for as long as its breaker is open. */
  readonly breaker: OpenBreaker | null;
}

export interface WayAround extends FallbackWay {
  readonly model: string;
}

export interface ExplainedRefusal {
  readonly code: GatewayErrorCode;
  readonly message: string;
}

/** How a request would be routed at this moment, and why. */
export interface Explanation {
  readonly asked: string;
  readonly target: RouteTarget;
  readonly isAlias: boolean;
  /** By which candidates are chosen; null: a model was asked for by its name. */
  readonly powerLevel: string | null;
  readonly auto: AutoLevel | null;
  /** The rules leave open how hard the request is, and the policy would ask a model: its answer is not known here. */
  readonly wouldAskModel: boolean;
  readonly effective: EffectiveRouting;
  readonly policyHash: string;
  readonly rules: ScoringRules;
  readonly needs: RequestNeeds;
  readonly draw: number;
  readonly isExploring: boolean;
  readonly affinityKey: string | null;
  /** Who decides the order of the candidates of what was asked for: the score, the operator's shares, or nobody has to. */
  readonly orderedBy: 'score' | 'shares' | 'none';
  /** Why the edge would answer an error without any call; null: it would not. */
  readonly refusal: ExplainedRefusal | null;
  /** Why what was asked for has nobody, though its cascade has. */
  readonly ownRefusal: ExplainedRefusal | null;
  readonly candidates: readonly ExplainedCandidate[];
  /** In the order in which they are tried, each only if those before it fail. */
  readonly attempts: readonly ExplainedAttempt[];
  /** While LiteLLM is down. */
  readonly waysAround: readonly WayAround[];
  readonly releaseNumber: number | null;
  readonly factsVersion: number | null;
  readonly atMs: number;
}
