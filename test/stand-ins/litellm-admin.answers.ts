/** The wire forms of LiteLLM's management API, as version 1.103.1 answered when it was run. */
export interface Answer {
  status: number;
  body: unknown;
}

export type Body = Record<string, unknown>;
export type TokenRow = Record<string, unknown> & { token: string };

/** Column by column as LiteLLM's migrations make it, without the foreign keys. */
export const tokenTable = `CREATE TABLE IF NOT EXISTS "LiteLLM_VerificationToken" (
  token text PRIMARY KEY, key_name text, key_alias text, soft_budget_cooldown boolean NOT NULL DEFAULT false,
  spend double precision NOT NULL DEFAULT 0, expires timestamp(3), models text[], aliases jsonb NOT NULL DEFAULT '{}',
  config jsonb NOT NULL DEFAULT '{}', user_id text, team_id text, permissions jsonb NOT NULL DEFAULT '{}',
  max_parallel_requests int, metadata jsonb NOT NULL DEFAULT '{}', blocked boolean, tpm_limit bigint, rpm_limit bigint,
  max_budget double precision, budget_duration text, budget_reset_at timestamp(3), created_at timestamp(3) DEFAULT now(),
  created_by text, updated_at timestamp(3) DEFAULT now(), updated_by text, key_type text)`;
/** LiteLLM keeps UTC in a timestamp without time zone. */
export const selectTokens = `SELECT *, expires AT TIME ZONE 'UTC' AS expires FROM "LiteLLM_VerificationToken"`;
const settable = [
  'key_alias',
  'team_id',
  'models',
  'max_budget',
  'budget_duration',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'blocked',
  'metadata',
] as const;

export const managementError = (
  status: number,
  message: string,
  type: string,
  param: string | null,
): Answer => ({
  status,
  body: { error: { message, type, param, code: String(status) } },
});
export const keyNotFound = managementError(404, 'Key not found in database', 'not_found_error', 'key');

export function aliasTaken(alias: unknown): Answer {
  const message = `Key with alias '${String(alias)}' already exists. Unique key aliases across all keys are required.`;
  return managementError(400, message, 'bad_request_error', 'key_alias');
}

export function tooLarge(field: string, input: number): Answer {
  const problem = { type: 'less_than_equal', loc: ['query', field], input: String(input), ctx: { le: 100 } };
  return { status: 422, body: { detail: [problem] } };
}

export function columnsOf(body: Body): Body {
  const columns: Body = {};
  for (const name of settable) if (name in body) columns[name] = body[name];
  if ('duration' in body) columns['expires'] = expiresIn(body['duration']);
  return columns;
}

function expiresIn(duration: unknown): string | null {
  if (duration === null) return null;
  const match = /^(\d+)s$/.exec(JSON.stringify(duration).slice(1, -1));
  if (!match) throw new Error('Invalid duration format');
  return new Date(Date.now() + Number(match[1]) * 1_000).toISOString().replace('Z', '');
}

/** Numbers as JSON has them (pg gives bigint as text), dates as LiteLLM writes them. */
export function shown(row: TokenRow): TokenRow {
  const number = (value: unknown): number | null => (value === null ? null : Number(value));
  const expires = row['expires'] as Date | null;
  return {
    ...row,
    rpm_limit: number(row['rpm_limit']),
    tpm_limit: number(row['tpm_limit']),
    expires: expires === null ? null : expires.toISOString().replace('Z', '+00:00'),
  };
}
