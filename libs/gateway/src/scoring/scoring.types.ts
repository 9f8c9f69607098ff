import type { PayingCredential } from '../credential-resolution';
import type { DeploymentFacts } from '../model-facts';
import type { CatalogueDeployment } from '../projection.documents';
import type { PowerLevel } from '../routing-policy';

/** What a request asks of a model. */
export interface RequestNeeds {
  /** The prompt, estimated. */
  readonly promptTokens: number;
  /** Of these, probably in the provider's prompt cache. */
  readonly cachedPromptTokens: number;
  /** What the request allows at most; null: it does not say. */
  readonly maxAnswerTokens: number | null;
  /** What the answer will probably have. */
  readonly expectedAnswerTokens: number;
  /** chat, embedding ...: LiteLLM's model_info.mode; null: any. */
  readonly mode: string | null;
  readonly inputModalities: readonly string[];
  readonly needsTools: boolean;
  readonly json: 'none' | 'object' | 'schema';
}

/** How a deployment has been lately, from the edges' own traffic. */
export interface DeploymentPerformance {
  /** Time to the first token, decayed mean. null: nobody called lately. */
  readonly firstByteMs: number | null;
  /** Of how many calls that is known, where not of all of `weight`. */
  readonly firstByteWeight?: number;
  /** From 0 to 1: the provider's own failures, never those of one customer's key. */
  readonly errorRate: number;
  /** Which part of the prompts came from the provider's cache, from 0 to 1. Left out: nobody knows of any. */
  readonly cachedShare?: number;
  /** How much is known: the decayed number of calls. */
  readonly weight: number;
}

export const unknownPerformance: DeploymentPerformance = { firstByteMs: null, errorRate: 0, weight: 0 };

export interface ScoringCandidate {
  readonly model: string;
  /** Of the model, as LiteLLM calls it: chat, embedding ...; null: unknown. */
  readonly mode: string | null;
  readonly deployment: CatalogueDeployment;
  readonly credential: PayingCredential | null;
  readonly facts: DeploymentFacts;
  readonly performance: DeploymentPerformance;
  readonly isBreakerOpen: boolean;
}

export interface ScoreWeights {
  readonly cost: number;
  readonly latency: number;
  readonly quality: number;
}

/** A routing policy, as it holds for one request. */
export interface ScoringRules {
  /** eco, balanced, precision; null: a model was asked for by its name. */
  readonly powerLevel: PowerLevel | null;
  readonly weights: ScoreWeights;
  /** Nobody dearer is chosen. null: no ceiling. In pico-dollars for 1,000 tokens. */
  readonly maxCostPer1kPicoUsd: number | null;
  /** By what costs are divided in the formula, where there is no ceiling too. */
  readonly costScalePicoUsd: number;
  readonly maxFirstByteMs: number;
  /** Kinds of providers, and the words `local` and `free`. */
  readonly preferred: readonly string[];
  readonly preferLocal: boolean;
  readonly regions: readonly string[] | null;
  readonly zeroDataRetention: boolean;
  readonly noTraining: boolean;
  /** Whether a deployment without a known price may be chosen. */
  readonly allowsUnpriced: boolean;
  /** The share of requests that try somebody of whom little is known. */
  readonly exploration: number;
  /** Models stay in the order in which their candidates are given; the score decides within each. */
  readonly keepsOrder: boolean;
}

/** In the order in which they are looked at: the first one that holds is told. */
export const dropReasons = [
  'credential_missing',
  'breaker_open',
  'mode',
  'modality',
  'tools',
  'json',
  'context_length',
  'max_output_tokens',
  'region',
  'data_policy',
  'price_unknown',
  'price_ceiling',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Each part as it went into the score: (cost + latency + quality) x errorFactor + preference. */
export interface ScoreParts {
  readonly cost: number;
  readonly latency: number;
  readonly quality: number;
  /** 1 - 0.5 x error rate. */
  readonly errorFactor: number;
  readonly preference: number;
}

export interface ScoredCandidate {
  readonly candidate: ScoringCandidate;
  readonly score: number;
  readonly parts: ScoreParts;
  /** Of the whole request, expected. null: no price is known. */
  readonly costPicoUsd: number | null;
  /** Rounded up, so that a ceiling holds to the last pico-dollar. null: no price is known. */
  readonly costPer1kPicoUsd: number | null;
  readonly expectedCostNanoUsd: number | null;
  readonly firstByteMs: number;
}

export interface DroppedCandidate {
  readonly candidate: ScoringCandidate;
  readonly reason: DropReason;
}

export interface RankingInput {
  readonly candidates: readonly ScoringCandidate[];
  readonly needs: RequestNeeds;
  readonly rules: ScoringRules;
  /** From 0 to 1, drawn once per request: whether and whom to explore. Kept, so that the decision can be replayed. */
  readonly draw: number;
  /** The same for all requests of a conversation; null: none, or not asked for. */
  readonly affinityKey: string | null;
}

export interface Ranking {
  /** In the order in which to try them. */
  readonly ranked: readonly ScoredCandidate[];
  readonly dropped: readonly DroppedCandidate[];
  /** The first one is there to be tried out, not for its score. */
  readonly isExploring: boolean;
}
