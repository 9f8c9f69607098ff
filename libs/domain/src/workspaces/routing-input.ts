import { AppError, type FieldError } from '@signalbox/common';
import { routingPolicy, type RoutingPolicy } from '@signalbox/gateway';
import { z } from 'zod';

const { shape } = routingPolicy;

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
} satisfies { [Name in keyof RoutingPolicy]: z.ZodType };

const version = z
  .int()
  .min(1)
  .max(2_147_483_647)
  .optional()
  .meta({
    description:
      'The version of the workspace that you read. If it is another one by now, nothing changes (version_conflict).',
    examples: [1],
  });

/** The gateway drops what it does not know; a person who misspells `cascade` must hear of it. */
export const routingDocument = z.strictObject(fields);
export const routingBody = z.strictObject({ ...fields, version });

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
  if (issue.code === 'invalid_key') return [errorAt(at, 'must have 1 to 256 characters')];
  return [errorAt(at, `is not valid: ${issue.message}`)];
}

export function readRoutingInput(body: unknown): RoutingInput {
  const parsed = routingBody.safeParse(body);
  if (!parsed.success) {
    const errors = parsed.error.issues.flatMap(toFieldErrors).slice(0, maxShownErrors);
    const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
    throw new AppError('validation_failed', `${detail}.`, { fields: errors });
  }
  const { version: _version, ...routing } = body as Record<string, unknown>;
  return { routing, version: parsed.data.version };
}
