import { isRecord } from '@signalbox/common';
import { z } from 'zod';

const modelName = z.string().min(1).max(256);
const timeMs = (min: number, max: number, fallback: number) => z.int().min(min).max(max).default(fallback);

const cascadeLengthLimit = 10;
const attemptLimitMax = 10;
const poolLimit = 500;

export const powerLevels = ['eco', 'balanced', 'precision'] as const;
export type PowerLevel = (typeof powerLevels)[number];

const weight = z.number().min(0).max(1_000);
export const policyWeights = z
  .object({ cost: weight, latency: weight, quality: weight })
  .refine(({ cost, latency, quality }) => cost + latency + quality > 0, 'must have one that is above 0');
/** US dollars as a decimal text: a float would lose parts of a cent. */
const usdForm = 'must be US dollars as a text, such as "0.01"';
const usd = z.string(usdForm).regex(/^\d{1,3}(\.\d{1,12})?$/, usdForm);
const kindOrWord = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);

/** What a policy changes of a built-in power level. What is left out stays. */
export const levelRules = z
  .object({
    /** The models that it chooses from; null: all that the key may use. */
    models: z.array(modelName).max(poolLimit).nullable(),
    weights: policyWeights,
    /** Nobody dearer is chosen. null: no ceiling. */
    max_cost_per_1k_usd: usd.nullable(),
    /** Kinds of providers, and the words `local` and `free`: they win against others of nearly the same score. */
    preferred: z.array(kindOrWord).max(32),
  })
  .partial();

/** A name of the workspace's own, and the models behind it. */
export const groupRules = z.object({
  models: z.array(modelName).min(1).max(poolLimit),
  /** order (the usual one): as they are listed; score: the best one first. */
  strategy: z.enum(['order', 'score']).optional(),
  /** Whose weights and ceiling count for `score`. */
  power_level: z.enum(powerLevels).optional(),
});
export type GroupRules = z.infer<typeof groupRules>;

/**
 * How a workspace's calls find their way; PUT by API as JSON. Everything may be left out. What this version does not know is
 * dropped, inside too: an edge can be older than the writer.
 */
export const routingPolicy = z.object({
  /** Models to try, in order, where the one that was asked for fails: by its name, or `*` for all others. */
  cascades: z.record(modelName, z.array(modelName).max(cascadeLengthLimit)).default({}),
  /** Further names of models: what a client asks for, and what it gets. */
  aliases: z.record(modelName, modelName).default({}),
  /** Whether a cascade may lead to a model of another vendor. */
  cross_vendor: z.boolean().default(false),
  /** Calls to providers for one request of a client, all routes together. */
  attempt_limit: z.int().min(1).max(attemptLimitMax).default(4),
  /**
   * How long one attempt may take until the first event of a stream. One at an answer in one piece has half of the time that is
   * left, and all of it where nobody else could be tried.
   */
  first_byte_timeout_ms: timeMs(1_000, 600_000, 45_000),
  /** All attempts together, until the first byte; and how long a stream that has begun may be silent. */
  total_timeout_ms: timeMs(1_000, 900_000, 280_000),
  /** After so long without a first byte the next candidate is started beside the first. null: never. */
  hedge_after_ms: z.int().min(100).max(600_000).nullable().default(null),
  /** While LiteLLM is down. own_key: through OpenRouter with the tenant's own key only; any_key: the platform's too. */
  openrouter_fallback: z.enum(['off', 'own_key', 'any_key']).default('any_key'),
  /** While LiteLLM is down: straight to a provider that speaks the client's dialect. */
  direct_fallback: z.boolean().default(true),
  /** How long an edge that is cut off from Redis may go on serving the workspace's keys. null: the edge's own bound. */
  offline_seconds: z.int().min(0).max(2_592_000).nullable().default(null),
  /** The level of `auto`, and of a model's name that several deployments serve. */
  power_level: z.enum(powerLevels).default('balanced'),
  /** level: the weights of the power level; custom: those of `weights`. */
  strategy: z.enum(['level', 'cost', 'latency', 'balanced', 'custom']).default('level'),
  weights: policyWeights.nullable().default(null),
  levels: z.partialRecord(z.enum(powerLevels), levelRules).default({}),
  /** Names of one's own, such as `smart`: what is behind them is changed here, and in none of the apps. */
  groups: z.record(modelName, groupRules).default({}),
  /** For every level, beside the level's own. null: none. */
  max_cost_per_1k_usd: usd.nullable().default(null),
  /** A first byte that takes so long is worth nothing in the score. */
  max_first_byte_ms: timeMs(100, 600_000, 10_000),
  /** A model whose price nobody knows: drop: no level chooses it; last: after all others. */
  unpriced: z.enum(['drop', 'last']).default('drop'),
  /** Servers of the operator's own first, whatever their score. */
  prefer_local: z.boolean().default(false),
  /** Only deployments in these; `local` stands for the operator's own servers. null: any. */
  regions: z.array(z.string().min(1).max(32)).max(32).nullable().default(null),
  /** Only providers that keep nothing; that do not train on what they are sent. */
  zero_data_retention: z.boolean().default(false),
  no_training: z.boolean().default(false),
  /** session: requests of one conversation stay where they are, as long as that works. */
  session_affinity: z.enum(['off', 'session']).default('off'),
  /** The share of requests that try somebody of whom little is known. */
  exploration: z.number().min(0).max(0.2).default(0.01),
  /** How `auto` finds its level. rules: by the request; model: where the rules are unsure a cheap model is asked. */
  classification: z.enum(['off', 'rules', 'model']).default('off'),
  /** Which model is asked. null: the cheapest of level eco. */
  classification_model: modelName.nullable().default(null),
});

export type RoutingPolicy = z.infer<typeof routingPolicy>;
export const defaultRoutingPolicy: RoutingPolicy = routingPolicy.parse({});

type PolicyShape = typeof routingPolicy.shape;
type RuleShape = { [Name in keyof PolicyShape]: ReturnType<PolicyShape[Name]['unwrap']> };

const ruleShape = Object.fromEntries(
  Object.entries(routingPolicy.shape).map(([name, field]) => [name, field.unwrap()]),
) as RuleShape;

/** What one level (platform, organization, workspace) says, without defaults: the rest is left to the level above it. */
export const routingRules = z.object(ruleShape).partial();
export type RoutingRules = z.infer<typeof routingRules>;

/** What is told of the data must not fall away because this version cannot read it. */
export const strictestRules: RoutingRules = { regions: [], zero_data_retention: true, no_training: true };

function hasOwn<Shape extends object>(shape: Shape, name: PropertyKey): name is keyof Shape {
  return Object.hasOwn(shape, name);
}

/** Names with something behind each of them: one that cannot be read is no reason to lose the others. */
const namedEntries: ReadonlySet<string> = new Set<keyof RoutingRules>([
  'cascades',
  'aliases',
  'levels',
  'groups',
]);

/** @returns undefined: nothing of it can be read */
function readField(name: keyof RoutingRules, written: unknown): unknown {
  const read = ruleShape[name].safeParse(written);
  if (read.success) return read.data;
  if (Object.hasOwn(strictestRules, name)) return strictestRules[name];
  if (!namedEntries.has(name) || !isRecord(written)) return undefined;
  const entries = Object.entries(written).filter(
    ([key, value]) => ruleShape[name].safeParse({ [key]: value }).success,
  );
  return entries.length === 0 ? undefined : ruleShape[name].parse(Object.fromEntries(entries));
}

/**
 * The rules as somebody else wrote them, perhaps a newer version. A field that cannot be read is left to the level above, and the
 * others hold; one that protects data holds as strictly as it can.
 */
export function readRoutingRules(value: unknown): RoutingRules {
  const rules: RoutingRules = {};
  if (!isRecord(value)) return rules;
  for (const [name, written] of Object.entries(value)) {
    if (!hasOwn(ruleShape, name)) continue;
    const read = readField(name, written);
    if (read !== undefined) Object.assign(rules, { [name]: read });
  }
  return rules;
}

/**
 * What protects data adds up over the levels: a nearer one can make it stricter and never looser, as a request can with the account's
 * settings at OpenRouter (https://openrouter.ai/docs/features/zdr).
 */
export const protectiveFields = ['regions', 'zero_data_retention', 'no_training'] as const;

/** Field by field: whoever is nearer to the key wins, but takes away nothing that protects data. */
export function effectiveRouting(...fromFarToNear: readonly RoutingRules[]): RoutingPolicy {
  return fromFarToNear.reduce(narrowedBy, defaultRoutingPolicy);
}

/** The policy of the levels so far, and what the next nearer one says. */
export function narrowedBy(policy: RoutingPolicy, rules: RoutingRules): RoutingPolicy {
  return {
    ...withRules(policy, rules),
    regions: regionsOfBoth(policy.regions, rules.regions ?? null),
    zero_data_retention: policy.zero_data_retention || rules.zero_data_retention === true,
    no_training: policy.no_training || rules.no_training === true,
  };
}

function regionsOfBoth(
  far: RoutingPolicy['regions'],
  near: RoutingPolicy['regions'],
): RoutingPolicy['regions'] {
  return far === null || near === null ? (near ?? far) : far.filter((region) => near.includes(region));
}

/** The policy with these fields in the place of its own, whatever they are. */
export function withRules(policy: RoutingPolicy, rules: RoutingRules): RoutingPolicy {
  const changed: RoutingPolicy = { ...policy };
  for (const [name, value] of Object.entries(rules))
    if (value !== undefined) Object.assign(changed, { [name]: value });
  return changed;
}

/** The models to try where this one fails. A name comes from a client, so `constructor` is a name like any other. */
export function cascadeOf(policy: RoutingPolicy, model: string): readonly string[] {
  const cascade = Object.hasOwn(policy.cascades, model) ? policy.cascades[model] : policy.cascades['*'];
  return (cascade ?? []).filter((name) => name !== model);
}

export function resolveAlias(policy: RoutingPolicy, model: string): string {
  return Object.hasOwn(policy.aliases, model) ? policy.aliases[model]! : model;
}
