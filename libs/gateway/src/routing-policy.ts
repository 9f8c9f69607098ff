import { z } from 'zod';

const modelName = z.string().min(1).max(256);
const timeMs = (min: number, max: number, fallback: number) => z.int().min(min).max(max).default(fallback);

const cascadeLengthLimit = 10;
const attemptLimitMax = 10;

/** How a workspace's calls find their way; PUT by API as JSON. Everything may be left out. */
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
});

export type RoutingPolicy = z.infer<typeof routingPolicy>;
export const defaultRoutingPolicy: RoutingPolicy = routingPolicy.parse({});

/** The models to try where this one fails. A name comes from a client, so `constructor` is a name like any other. */
export function cascadeOf(policy: RoutingPolicy, model: string): readonly string[] {
  const cascade = Object.hasOwn(policy.cascades, model) ? policy.cascades[model] : policy.cascades['*'];
  return (cascade ?? []).filter((name) => name !== model);
}

export function resolveAlias(policy: RoutingPolicy, model: string): string {
  return Object.hasOwn(policy.aliases, model) ? policy.aliases[model]! : model;
}
