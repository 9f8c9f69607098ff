import { AppError, type FieldError } from '@signalbox/common';
import {
  groupRules,
  levelRules,
  policyWeights,
  powerLevels,
  routingPolicy,
  type RoutingPolicy,
} from '@signalbox/gateway';
import { z } from 'zod';

const { shape } = routingPolicy;
const strictWeights = policyWeights.strict();
const groupName = z.string().min(1).max(256);

const fields = {
  cascades: shape.cascades.meta({
    description:
      'The models to try, in order, where one fails before the client has seen a byte: by the name of the model that was asked for, or `*` for all others. A key uses only those that it may use anyway.',
    examples: [{ smart: ['smart-eu', 'fast'], '*': ['fast'] }],
  }),
  aliases: shape.aliases.meta({
    description: 'Further names of models: what a client asks for, and what it gets.',
    examples: [{ 'gpt-4': 'smart' }],
  }),
  cross_vendor: shape.cross_vendor.meta({
    description:
      'Whether a cascade may lead to a model of another vendor. Such answers carry x-signalbox-cross-vendor: true.',
    examples: [false],
  }),
  attempt_limit: shape.attempt_limit.meta({
    description: 'Calls to providers for one request of a client, all routes together.',
    examples: [4],
  }),
  first_byte_timeout_ms: shape.first_byte_timeout_ms.meta({
    description: 'How long one attempt at a stream may take until its first event.',
    examples: [45_000],
  }),
  total_timeout_ms: shape.total_timeout_ms.meta({
    description: 'All attempts together, until the first byte. A client may ask for less.',
    examples: [280_000],
  }),
  hedge_after_ms: shape.hedge_after_ms.meta({
    description:
      'After so long without a first byte the next candidate is started beside the first; both may cost. null: never.',
    examples: [null],
  }),
  openrouter_fallback: shape.openrouter_fallback.meta({
    description:
      "While LiteLLM is down: off: never through OpenRouter; own_key: with the tenant's own OpenRouter key; any_key: with the platform's too.",
    examples: ['any_key'],
  }),
  direct_fallback: shape.direct_fallback.meta({
    description: "While LiteLLM is down: straight to a provider that speaks the client's dialect.",
    examples: [true],
  }),
  offline_seconds: shape.offline_seconds.meta({
    description:
      "How long an edge that is cut off from Redis may go on serving the workspace's keys. null: the edge's own bound.",
    examples: [null],
  }),
  power_level: shape.power_level.meta({
    description: 'The level of `auto`, and of the name of a model that several deployments serve.',
    examples: ['balanced'],
  }),
  strategy: shape.strategy.meta({
    description:
      'What counts in the score. level: the weights of the power level; cost, latency: that alone; balanced: those of level balanced; custom: `weights`.',
    examples: ['level'],
  }),
  weights: strictWeights
    .nullable()
    .default(null)
    .meta({
      description: 'For the strategy custom. They are divided by their sum.',
      examples: [{ cost: 60, latency: 20, quality: 20 }],
    }),
  levels: z
    .partialRecord(z.enum(powerLevels), levelRules.extend({ weights: strictWeights.optional() }).strict())
    .default({})
    .meta({
      description:
        'What changes of the built-in power levels: the models that a level chooses from (null: all that the key may use), its weights, its ceiling in US dollars per 1,000 tokens (null: none), and the kinds of providers that it prefers; `local` and `free` are kinds too.',
      examples: [{ eco: { max_cost_per_1k_usd: '0.0005', preferred: ['local', 'groq'] } }],
    }),
  groups: z
    .record(groupName, groupRules.strict())
    .default({})
    .meta({
      description:
        'Names of your own that a client can ask for, with the models behind them. strategy order: as they are listed; score: the best one first, by the weights and the ceiling of power_level.',
      examples: [{ smart: { models: ['gpt-5', 'claude-sonnet'], strategy: 'score' } }],
    }),
  max_cost_per_1k_usd: shape.max_cost_per_1k_usd.meta({
    description:
      'A ceiling for every power level, beside its own: US dollars per 1,000 tokens of the request at hand. null: none.',
    examples: ['0.02'],
  }),
  max_first_byte_ms: shape.max_first_byte_ms.meta({
    description: 'A first byte that takes so long is worth nothing in the score.',
    examples: [10_000],
  }),
  unpriced: shape.unpriced.meta({
    description: 'A model whose price nobody knows. drop: no power level chooses it; last: after all others.',
    examples: ['drop'],
  }),
  prefer_local: shape.prefer_local.meta({
    description: "Servers of the operator's own first, whatever their score.",
    examples: [false],
  }),
  regions: shape.regions.meta({
    description:
      "Only deployments that are known to be in these; `local` stands for the operator's own servers. null: any.",
    examples: [['eu', 'local']],
  }),
  zero_data_retention: shape.zero_data_retention.meta({
    description: 'Only providers that are known to keep nothing of what they are sent.',
    examples: [false],
  }),
  no_training: shape.no_training.meta({
    description: 'Only providers that are known not to train on what they are sent.',
    examples: [false],
  }),
  session_affinity: shape.session_affinity.meta({
    description:
      'session: requests of one conversation stay with the same deployment, and so with its prompt cache, as long as that is nearly the best.',
    examples: ['off'],
  }),
  exploration: shape.exploration.meta({
    description:
      'The share of requests that try a deployment of which little is known, so that one that has recovered is seen.',
    examples: [0.01],
  }),
  classification: shape.classification.meta({
    description:
      'How `auto` finds its power level. off: it is power_level; rules: by how difficult the request looks; model: where the rules are unsure a cheap model is asked, at its own cost.',
    examples: ['off'],
  }),
  classification_model: shape.classification_model.meta({
    description: 'The model that is asked. null: the cheapest of level eco.',
    examples: [null],
  }),
} satisfies { [Name in keyof RoutingPolicy]: z.ZodType };

const version = z
  .int()
  .min(1)
  .max(2_147_483_647)
  .optional()
  .meta({
    description:
      'The version that you read, of the workspace, the organization or the platform. If it is another one by now, nothing changes (version_conflict).',
    examples: [1],
  });

/** The gateway drops what it does not know; a person who misspells `cascade` must hear of it. */
export const routingDocument = z.strictObject(fields);
export const routingBody = z.strictObject({ ...fields, version });
export const rulesBody = z.strictObject({ rules: routingDocument, version });

export interface RoutingInput {
  /** As it was written, so that a default which is not set follows a later version. */
  routing: Record<string, unknown>;
  version: number | undefined;
}

const maxShownErrors = 20;
const maxFieldLength = 200;

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const at = issue.path.map(String);
  const errorAt = (path: string[], message: string): FieldError => ({
    field: path.join('.').slice(0, maxFieldLength) || 'body',
    message,
  });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => errorAt([...at, key], 'is not a field of this request'));
  }
  if (issue.code === 'invalid_key') {
    const isLevel = at.at(-2) === 'levels';
    return [
      errorAt(at, isLevel ? `must be one of ${powerLevels.join(', ')}` : 'must have 1 to 256 characters'),
    ];
  }
  return [errorAt(at, messageOf(issue))];
}

const kindsOfValues: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  string: 'a text',
  boolean: 'true or false',
  int: 'a whole number',
};

/** Like those of the other routes. Zod names the type of what came in its own message only. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith('must ')) return issue.message;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type') {
    const kind = kindsOfValues[issue.expected] ?? `a ${issue.expected}`;
    return issue.message.endsWith('received undefined')
      ? `is missing: it must be ${kind}`
      : `must be ${kind}`;
  }
  const isNumber = 'origin' in issue && (issue.origin === 'number' || issue.origin === 'int');
  if (issue.code === 'too_small' && isNumber) return `must be ${issue.minimum} or more`;
  if (issue.code === 'too_big' && isNumber) return `must be ${issue.maximum} or less`;
  return `is not valid: ${issue.message}`;
}

function parsedBy<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(toFieldErrors).slice(0, maxShownErrors);
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new AppError('validation_failed', `${detail}.`, { fields: errors });
}

/** The policy of a workspace, its fields at the top of the body. */
export function readRoutingInput(body: unknown): RoutingInput {
  const parsed = parsedBy(routingBody, body);
  const { version: _version, ...routing } = body as Record<string, unknown>;
  return { routing, version: parsed.version };
}

/** The rules of any level, apart from their version: what was shown as `rules` can be sent back as it is. */
export function readRulesInput(body: unknown): RoutingInput {
  const parsed = parsedBy(rulesBody, body);
  return { routing: (body as { rules: Record<string, unknown> }).rules, version: parsed.version };
}

/** Rules as they were kept, perhaps by another version of Signalbox. */
export function readRulesDocument(document: Record<string, unknown>): Record<string, unknown> {
  parsedBy(routingDocument, document);
  return document;
}
