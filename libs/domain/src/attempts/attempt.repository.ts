import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttemptRow } from './attempt-event';

@Injectable()
export class AttemptRepository {
  /** An attempt that is there already stays as it is: the stream delivers at least once. */
  async insert(manager: EntityManager, rows: readonly AttemptRow[]): Promise<void> {
    if (rows.length === 0) return;
    await manager.query(
      `INSERT INTO attempts (id, request_id, organization_id, workspace_id, virtual_key_id, model, deployment_id, provider,
         upstream_model, status, error_class, status_code, prompt_tokens, completion_tokens, total_tokens, cost_nano_usd,
         stream, started_at, ended_at, credential_id, credential_fingerprint)
       SELECT attempt.id, attempt.request_id, workspace.organization_id, attempt.workspace_id, secret.virtual_key_id,
         attempt.model, attempt.deployment_id, attempt.provider, attempt.upstream_model, attempt.status,
         attempt.error_class, attempt.status_code, attempt.prompt_tokens, attempt.completion_tokens, attempt.total_tokens,
         attempt.cost_nano_usd, attempt.stream, attempt.started_at, attempt.ended_at, attempt.credential_id,
         attempt.credential_fingerprint
       FROM jsonb_to_recordset($1::jsonb) AS attempt (id text, request_id text, key_hash text, workspace_id text, model text,
         deployment_id text, provider text, upstream_model text, status text, error_class text, status_code int,
         prompt_tokens bigint, completion_tokens bigint, total_tokens bigint, cost_nano_usd bigint, stream boolean,
         started_at timestamptz, ended_at timestamptz, credential_id text, credential_fingerprint text)
       LEFT JOIN workspaces workspace ON workspace.id = attempt.workspace_id
       LEFT JOIN virtual_key_secrets secret ON secret.key_hash = attempt.key_hash
       ON CONFLICT (id) DO NOTHING`,
      [JSON.stringify(rows)],
    );
  }
}
