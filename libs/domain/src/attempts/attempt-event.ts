import { z } from 'zod';

/** What LiteLLM's hook writes is outside text: cut to a bound, and without the one character PostgreSQL cannot store. */
const text = (maxLength: number) =>
  z
    .string()
    .nullish()
    .transform((value) => (value ? value.replaceAll('\0', '').slice(0, maxLength) : null));
const count = z
  .int()
  .nonnegative()
  .nullish()
  .transform((value) => value ?? 0);
const time = z.iso.datetime({ offset: true });

const attemptEvent = z
  .object({
    attempt_id: z.string().min(1).max(200),
    request_id: text(200),
    key_hash: text(64),
    workspace_id: text(64),
    model_group: text(512),
    deployment_id: text(200),
    provider: text(100),
    credential_id: text(64),
    credential_fingerprint: text(64),
    upstream_model: text(512),
    status: z.enum(['success', 'failure']),
    error_class: text(200),
    status_code: z.int().min(0).max(9_999).nullish(),
    is_out_of_credit: z.boolean().nullish(),
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    cost_nano_usd: count,
    stream: z.boolean().nullish(),
    started_at: time.nullish(),
    ended_at: time.nullish(),
  })
  .refine(({ attempt_id }) => !attempt_id.includes('\0'), { path: ['attempt_id'] });

/** In place of LiteLLM's class, which is the same for a busy account and for an empty one. */
export const outOfCreditClass = 'OutOfCredit';

/** One row of `attempts`, but for the organization and the key, which PostgreSQL looks up. */
export interface AttemptRow {
  id: string;
  request_id: string;
  key_hash: string | null;
  workspace_id: string | null;
  model: string | null;
  deployment_id: string | null;
  provider: string | null;
  /** Whose key was really sent, and which value of it. */
  credential_id: string | null;
  credential_fingerprint: string | null;
  upstream_model: string | null;
  status: 'success' | 'failure';
  error_class: string | null;
  status_code: number | null;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cost_nano_usd: number;
  stream: boolean;
  started_at: string;
  ended_at: string;
}

export type ParsedAttempt = { row: AttemptRow } | { problem: string };

function parseJson(eventText: string | undefined): unknown {
  try {
    return JSON.parse(eventText ?? '');
  } catch {
    return undefined;
  }
}

/** @returns a problem that names fields and never repeats values */
export function parseAttempt(eventText: string | undefined, now: Date): ParsedAttempt {
  const parsed = attemptEvent.safeParse(parseJson(eventText));
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'the event');
    return { problem: `unusable: ${[...new Set(fields)].join(', ')}` };
  }
  const { attempt_id, request_id, model_group, started_at, ended_at, is_out_of_credit, ...same } =
    parsed.data;
  const endedAt = ended_at ?? started_at ?? now.toISOString();
  return {
    row: {
      ...same,
      id: attempt_id,
      request_id: request_id ?? attempt_id,
      model: model_group,
      error_class: is_out_of_credit ? outOfCreditClass : same.error_class,
      status_code: same.status_code ?? null,
      stream: same.stream ?? false,
      started_at: started_at ?? endedAt,
      ended_at: endedAt,
    },
  };
}
