import { z } from 'zod';

const text = (maxLength: number) => z.string().max(maxLength);
const maybeText = (maxLength: number) => text(maxLength).nullable();
const count = z.int().nonnegative();
/** Unix milliseconds, up to the year 9999: PostgreSQL takes times that JavaScript cannot read back. */
const time = z.int().min(0).max(253_402_300_799_999);

/** One call to a provider. `failure`: a reason of attempt-failure.ts; null: it succeeded. */
const usageAttempt = z.object({
  route: z.enum(['litellm', 'openrouter', 'direct']),
  model: text(512),
  provider: maybeText(64),
  deployment_id: maybeText(128),
  credential_id: maybeText(128),
  status: z.int().nullable(),
  failure: maybeText(64),
  /** What it was for, where it was not to answer the client. */
  purpose: z.enum(['classification']).optional(),
  /** Of such a call: it is no part of the request's own cost. */
  cost_nano_usd: z.int().nullish(),
  started_at_ms: time,
  duration_ms: count,
});

/** One per request that a known key made, unique by `request_id`. The worker writes it to usage_events. */
export const usageEvent = z.object({
  v: z.literal(1),
  request_id: text(64).min(1),
  organization_id: text(128).min(1),
  workspace_id: text(128).min(1),
  virtual_key_id: text(128).min(1),
  service_id: maybeText(128),
  /** The member, where the key has one. */
  user_id: maybeText(128),
  /** Name of the LLM route: chat_completions, responses, messages ... */
  call_type: text(64),
  model_requested: maybeText(512),
  /** The public name of the model that answered. */
  model_used: maybeText(512),
  upstream_model: maybeText(512),
  provider: maybeText(64),
  provider_id: maybeText(128),
  deployment_id: maybeText(128),
  credential_id: maybeText(128),
  credential_owner: maybeText(32),
  route: z.enum(['litellm', 'openrouter', 'direct']).nullable(),
  fallback_reason: maybeText(64),
  cross_vendor: z.boolean(),
  attempts: z.array(usageAttempt).max(50),
  status_code: z.int(),
  error_code: maybeText(64),
  /** false: refused, failed, cut, or the client went away. */
  complete: z.boolean(),
  client_gone: z.boolean(),
  stream: z.boolean(),
  prompt_tokens: count,
  completion_tokens: count,
  /** Parts of prompt_tokens. */
  cache_read_tokens: count,
  cache_write_tokens: count,
  /** Part of completion_tokens. */
  reasoning_tokens: count,
  usage_source: z.enum(['provider', 'none']),
  provider_cost_nano_usd: z.int().nullable(),
  /** By the prices that were in force. null: no price or no usage is known. These three are left out by an older edge. */
  cost_nano_usd: z.int().nullable().default(null),
  /** Those prices: of the deployment that answered, for a prompt of that length (pricesAt). */
  prices: z.record(z.string(), z.int().nullable()).nullable().default(null),
  /** By which the deployment was chosen. */
  power_level: maybeText(64).default(null),
  bytes_in: count,
  bytes_out: count,
  /** The inputs of the routing decision, compact. */
  decision: z.record(z.string(), z.unknown()).nullable(),
  edge_id: text(128),
  started_at_ms: time,
  first_byte_at_ms: time.nullable(),
  ended_at_ms: time,
});

export type UsageEvent = z.infer<typeof usageEvent>;
export type UsageAttempt = z.infer<typeof usageAttempt>;

/** What a provider said that a call used. */
export type TokenUsage = Pick<
  UsageEvent,
  | 'prompt_tokens'
  | 'completion_tokens'
  | 'cache_read_tokens'
  | 'cache_write_tokens'
  | 'reasoning_tokens'
  | 'provider_cost_nano_usd'
>;

/** The Redis stream of usage events: field `event` of each entry is the event as JSON. */
export function usageStreamKey(redisPrefix: string): string {
  return `${redisPrefix}:usage`;
}

/** @returns a problem that names fields and never repeats values */
export function parseUsageEvent(eventText: string | undefined): { event: UsageEvent } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(eventText ?? '');
  } catch {
    return { problem: 'unusable: not JSON' };
  }
  const parsed = usageEvent.safeParse(value);
  if (parsed.success) return { event: parsed.data };
  const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'the event');
  return { problem: `unusable: ${[...new Set(fields)].join(', ')}` };
}
