import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import type { DesiredKey } from './desired-state';
import { LITELLM_POOL } from './mirror.tokens';

/**
 * The one place where Signalbox writes LiteLLM's tables: LiteLLM's API makes keys from values only, and once LiteLLM had a
 * value we no longer have it. So a key row that was lost comes back by its hash. Existing rows are not touched, and
 * whatever is more than a column (the budget's period) is then set through the API.
 */
@Injectable()
export class LitellmKeyRestoreRepository {
  constructor(@Inject(LITELLM_POOL) private readonly pool: Pool) {}

  /** @returns how many rows were missing and are back */
  async restore(keys: readonly { desired: DesiredKey; keyName: string }[]): Promise<number> {
    if (keys.length === 0) return 0;
    const rows = keys.map(({ desired, keyName }) => ({
      token: desired.hash,
      key_name: keyName,
      key_alias: desired.alias,
      team_id: desired.teamId,
      models: desired.models,
      max_budget: desired.maxBudget,
      rpm_limit: desired.rpmLimit,
      tpm_limit: desired.tpmLimit,
      max_parallel_requests: desired.maxParallelRequests,
      blocked: desired.blocked,
      expires: desired.expiresAt,
      metadata: { signalbox: desired.mark },
    }));
    // `expires` is a timestamp without time zone that LiteLLM reads as UTC.
    const result = await this.pool.query(
      `INSERT INTO "LiteLLM_VerificationToken" (token, key_name, key_alias, team_id, models, max_budget, rpm_limit,
         tpm_limit, max_parallel_requests, blocked, expires, metadata, key_type, created_by, updated_by)
       SELECT token, key_name, key_alias, team_id, models, max_budget, rpm_limit,
         tpm_limit, max_parallel_requests, blocked, expires AT TIME ZONE 'UTC', metadata, 'default', 'signalbox', 'signalbox'
       FROM jsonb_to_recordset($1::jsonb) AS row (token text, key_name text, key_alias text, team_id text, models text[],
         max_budget double precision, rpm_limit bigint, tpm_limit bigint, max_parallel_requests int, blocked boolean,
         expires timestamptz, metadata jsonb)
       ON CONFLICT (token) DO NOTHING`,
      [JSON.stringify(rows)],
    );
    return result.rowCount ?? 0;
  }
}
