import type { GroupRules, PowerLevel, RoutingPolicy } from '../routing-policy';
import { picoUsdOf } from '../token-prices';
import type { ScoreWeights, ScoringRules } from './scoring.types';

interface LevelDefaults {
  readonly weights: ScoreWeights;
  readonly maxCostPer1kPicoUsd: number;
  readonly preferred: readonly string[];
}

const picoUsd = 1_000_000_000_000;

/** The built-in power levels, which a policy changes field by field. */
export const levelDefaults: Readonly<Record<PowerLevel, LevelDefaults>> = {
  eco: {
    weights: { cost: 70, latency: 20, quality: 10 },
    maxCostPer1kPicoUsd: picoUsd / 1_000,
    preferred: ['local', 'free', 'groq', 'huggingface'],
  },
  balanced: {
    weights: { cost: 40, latency: 40, quality: 20 },
    maxCostPer1kPicoUsd: picoUsd / 100,
    preferred: ['openrouter', 'together', 'fireworks'],
  },
  precision: {
    weights: { cost: 10, latency: 30, quality: 60 },
    maxCostPer1kPicoUsd: picoUsd / 10,
    preferred: ['openai', 'anthropic', 'openrouter'],
  },
};

/** What was asked for, names resolved. */
export type RoutingTarget =
  | { readonly kind: 'level'; readonly level: PowerLevel }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'model' };

/** Groups that exist without being in a policy: a level under another name. One of the policy takes their place. */
export const builtInGroups: Readonly<Record<string, PowerLevel>> = { smart: 'precision', cheap: 'eco' };

/** A name comes from a client, so `constructor` is a name like any other. */
function groupIn(policy: RoutingPolicy, name: string): GroupRules | null {
  return Object.hasOwn(policy.groups, name) ? (policy.groups[name] ?? null) : null;
}

export function isGroup(policy: RoutingPolicy, name: string): boolean {
  return groupIn(policy, name) !== null || Object.hasOwn(builtInGroups, name);
}

function keepsOrder(group: GroupRules | null): boolean {
  return group !== null && (group.strategy ?? 'order') === 'order';
}

/** Whose weights, ceiling and preferences count. */
function levelOf(policy: RoutingPolicy, target: RoutingTarget): PowerLevel {
  if (target.kind === 'level') return target.level;
  if (target.kind === 'model') return policy.power_level;
  const group = groupIn(policy, target.group);
  if (group) return group.power_level ?? policy.power_level;
  return Object.hasOwn(builtInGroups, target.group) ? builtInGroups[target.group]! : policy.power_level;
}

/** The models to choose from, in the policy's order; null: all that the key may use. */
export function poolOf(
  policy: RoutingPolicy,
  target: Exclude<RoutingTarget, { kind: 'model' }>,
): readonly string[] | null {
  const group = target.kind === 'group' ? groupIn(policy, target.group) : null;
  return group?.models ?? policy.levels[levelOf(policy, target)]?.models ?? null;
}

function weightsOf(policy: RoutingPolicy, level: PowerLevel): ScoreWeights {
  const ofLevel = policy.levels[level]?.weights ?? levelDefaults[level].weights;
  switch (policy.strategy) {
    case 'cost':
      return { cost: 1, latency: 0, quality: 0 };
    case 'latency':
      return { cost: 0, latency: 1, quality: 0 };
    case 'balanced':
      return levelDefaults.balanced.weights;
    case 'custom':
      return policy.weights ?? ofLevel;
    case 'level':
      return ofLevel;
  }
}

/** The lower one of the level's own and of the one for all levels; null: none. */
function ceilingOf(policy: RoutingPolicy, level: PowerLevel): number | null {
  const ofLevel = policy.levels[level]?.max_cost_per_1k_usd;
  const own = ofLevel === undefined ? levelDefaults[level].maxCostPer1kPicoUsd : ceilingFrom(ofLevel);
  const general = ceilingFrom(policy.max_cost_per_1k_usd);
  if (own === null || general === null) return own ?? general;
  return Math.min(own, general);
}

/** The policy takes only texts that can be read; one that could not would forbid what is not free, rather than allow all. */
function ceilingFrom(usd: string | null): number | null {
  return usd === null ? null : (picoUsdOf(usd) ?? 0);
}

/** On the scale of ten seconds the bonus is worth half a second: whoever asks for the fastest would not get it. */
function preferredOf({ strategy, levels }: RoutingPolicy, level: PowerLevel): readonly string[] {
  if (strategy === 'cost' || strategy === 'latency') return [];
  return levels[level]?.preferred ?? levelDefaults[level].preferred;
}

function buildRules(policy: RoutingPolicy, target: RoutingTarget): ScoringRules {
  const level = levelOf(policy, target);
  const ceiling = ceilingOf(policy, level);
  const inOrder = target.kind === 'group' && keepsOrder(groupIn(policy, target.group));
  // Whoever lists models, or names one, has said what they may cost.
  const isCapped = target.kind !== 'model' && !inOrder;
  return {
    powerLevel: target.kind === 'model' ? null : level,
    weights: weightsOf(policy, level),
    maxCostPer1kPicoUsd: isCapped ? ceiling : null,
    costScalePicoUsd: ceiling ?? levelDefaults[level].maxCostPer1kPicoUsd,
    maxFirstByteMs: policy.max_first_byte_ms,
    preferred: preferredOf(policy, level),
    preferLocal: policy.prefer_local,
    regions: policy.regions,
    zeroDataRetention: policy.zero_data_retention,
    noTraining: policy.no_training,
    allowsUnpriced: !isCapped || policy.unpriced === 'last',
    exploration: policy.exploration,
    keepsOrder: inOrder,
  };
}

/** Every call asks for them, and a policy never changes: a new one takes its place. */
const known = new WeakMap<RoutingPolicy, Map<string, ScoringRules>>();

function keyOf(target: RoutingTarget): string {
  if (target.kind === 'level') return `level:${target.level}`;
  return target.kind === 'group' ? `group:${target.group}` : 'model';
}

/** A routing policy, as it holds for one request. */
export function scoringRulesOf(policy: RoutingPolicy, target: RoutingTarget): ScoringRules {
  let ofPolicy = known.get(policy);
  if (!ofPolicy) known.set(policy, (ofPolicy = new Map<string, ScoringRules>()));
  const key = keyOf(target);
  let rules = ofPolicy.get(key);
  if (!rules) ofPolicy.set(key, (rules = buildRules(policy, target)));
  return rules;
}
