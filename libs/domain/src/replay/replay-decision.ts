import {
  type KeptDecision,
  policyHashOf,
  poolOf,
  type PowerLevel,
  rankCandidates,
  type RankingInput,
  type RoutingPolicy,
  type RoutingTarget,
  type ScoringCandidate,
  scoringRulesOf,
} from '@signalbox/gateway';
import { isUnchanged, type NotReplayable, type ReplayChange, targetOf } from './replay-target';

/** A record of fewer candidates has all that could be chosen: see keptByRank of decision-record.ts. */
const certainlyAll = 24;

/** Why a decision under another policy is only as good as its record. */
export type Doubt = 'made_under_another_policy' | 'pool_was_narrower' | 'candidates_left_out';

export interface ReplayedDecision {
  /** Whom it was; null: nobody was left. */
  readonly before: ScoringCandidate | null;
  /** Whom it would be. */
  readonly after: ScoringCandidate | null;
  /** null: a model was asked for by its name. */
  readonly levelBefore: PowerLevel | null;
  /** Nothing is different: the same policy, and the same asked for. */
  readonly isUnchanged: boolean;
  readonly doubts: readonly Doubt[];
}

/** The decision again, under a changed policy. Pure: the same record and policy always give the same choice. */
export function replayDecision(kept: KeptDecision, change: ReplayChange): ReplayedDecision | NotReplayable {
  const target = targetOf(kept, change);
  if (typeof target === 'string') return target;
  const isSame = isUnchanged(kept, change);
  const input = isSame ? kept.input : inputUnder(kept, change.policy, target);
  // The edge would have found somebody of that pool, or not: the record cannot say.
  if (input.candidates.length === 0 && kept.input.candidates.length > 0) return 'pool_not_recorded';
  const [best] = rankCandidates({ ...input, rules: scoringRulesOf(change.policy, target) }).ranked;
  return {
    before: kept.input.candidates.find(({ deployment }) => deployment.id === kept.chosenDeploymentId) ?? null,
    after: best?.candidate ?? null,
    levelBefore: kept.kind === 'model' ? null : kept.powerLevel,
    isUnchanged: isSame,
    doubts: isSame ? [] : doubtsOf(kept, change, target),
  };
}

/** The edge applies the pool and the affinity before it ranks, so the record of another policy has those of that one. */
function inputUnder(
  { input }: KeptDecision,
  policy: RoutingPolicy,
  target: RoutingTarget,
): Omit<RankingInput, 'rules'> {
  return {
    ...input,
    candidates: inPool(input.candidates, poolUnder(policy, target)),
    affinityKey: policy.session_affinity === 'session' ? input.affinityKey : null,
  };
}

/** null: every model that the key may use. */
function poolUnder(policy: RoutingPolicy, target: RoutingTarget): readonly string[] | null {
  return target.kind === 'model' ? null : poolOf(policy, target);
}

/** In the pool's order, which counts where a group keeps its order. */
function inPool(
  candidates: readonly ScoringCandidate[],
  pool: readonly string[] | null,
): readonly ScoringCandidate[] {
  if (pool === null) return candidates;
  const places = new Map(pool.map((model, index) => [model, index]));
  return candidates
    .filter(({ model }) => places.has(model))
    .sort((left, right) => (places.get(left.model) ?? 0) - (places.get(right.model) ?? 0));
}

function doubtsOf(kept: KeptDecision, change: ReplayChange, target: RoutingTarget): Doubt[] {
  const found: Doubt[] = [];
  if (kept.policy !== policyHashOf(change.base)) found.push('made_under_another_policy');
  else if (wasNarrower(kept, change, target)) found.push('pool_was_narrower');
  if (kept.input.candidates.length >= certainlyAll) found.push('candidates_left_out');
  return found;
}

/** Whether this policy chooses among models of which the record knows nothing, as they were not in the pool then. */
function wasNarrower(kept: KeptDecision, change: ReplayChange, target: RoutingTarget): boolean {
  const targetThen = targetOf(kept, { ...change, policy: change.base, asLevel: null });
  const poolThen = typeof targetThen === 'string' ? null : poolUnder(change.base, targetThen);
  if (poolThen === null) return false;
  const pool = poolUnder(change.policy, target);
  const isThen = new Set(poolThen);
  return pool === null || pool.some((model) => !isThen.has(model));
}
