import {
  isGroup,
  type KeptDecision,
  levelByDifficulty,
  policyHashOf,
  type PowerLevel,
  type RoutingPolicy,
  type RoutingTarget,
} from '@signalbox/gateway';

/** What is to be different. */
export interface ReplayChange {
  /** Which is in force. */
  readonly base: RoutingPolicy;
  /** Under which decisions are made again. */
  readonly policy: RoutingPolicy;
  /** Whoever asked for a level, a group or `auto` is taken to have asked for this level. null: for what it asked for. */
  readonly asLevel: PowerLevel | null;
}

/** Why a decision cannot be made again. */
export type NotReplayable = 'group_unknown' | 'classification_missing' | 'pool_not_recorded';

/** Whether the decision was made under this very policy, and nothing else is asked for either. */
export function isUnchanged(kept: KeptDecision, { policy, asLevel }: ReplayChange): boolean {
  return kept.policy === policyHashOf(policy) && (asLevel === null || kept.kind === 'model');
}

/** What the request asks for under this policy. */
export function targetOf(kept: KeptDecision, change: ReplayChange): RoutingTarget | NotReplayable {
  const { policy, asLevel } = change;
  // Whoever names a model has chosen: no level is put in its place.
  if (kept.kind === 'model') return { kind: 'model' };
  if (asLevel !== null) return { kind: 'level', level: asLevel };
  if (kept.kind === 'group')
    return isGroup(policy, kept.asked) ? { kind: 'group', group: kept.asked } : 'group_unknown';
  if (kept.kind === 'auto' && !isUnchanged(kept, change)) return targetOfAuto(kept, policy);
  return { kind: 'level', level: kept.powerLevel ?? policy.power_level };
}

function targetOfAuto(
  { classification }: KeptDecision,
  policy: RoutingPolicy,
): RoutingTarget | NotReplayable {
  if (policy.classification === 'off') return { kind: 'level', level: policy.power_level };
  // Nobody looked at the request then, and it is not kept.
  if (!classification) return 'classification_missing';
  return { kind: 'level', level: levelByDifficulty[classification.difficulty] };
}
