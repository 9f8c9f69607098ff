import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isTenant, secure } from './tenancy';

const changes = `
ALTER TABLE organizations
  ADD COLUMN rate_limit_tier text,
  ADD COLUMN rpm_limit int,
  ADD COLUMN rph_limit int,
  ADD COLUMN rpd_limit int,
  ADD COLUMN tpm_limit int,
  ADD COLUMN tph_limit int,
  ADD COLUMN tpd_limit int,
  ADD COLUMN max_parallel_requests int;
ALTER TABLE workspaces
  ADD COLUMN routing jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN rpm_limit int,
  ADD COLUMN rph_limit int,
  ADD COLUMN rpd_limit int,
  ADD COLUMN tpm_limit int,
  ADD COLUMN tph_limit int,
  ADD COLUMN tpd_limit int,
  ADD COLUMN max_parallel_requests int;
ALTER TABLE models ADD COLUMN openrouter_id text;

CREATE TABLE services (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text NOT NULL,
  name text NOT NULL,
  deleted_at timestamptz,
  rpm_limit int,
  rph_limit int,
  rpd_limit int,
  tpm_limit int,
  tph_limit int,
  tpd_limit int,
  max_parallel_requests int,
  PRIMARY KEY (id),
  CONSTRAINT services_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
);
CREATE UNIQUE INDEX services_name_key ON services (organization_id, name) WHERE deleted_at IS NULL;
CREATE INDEX services_organization_id_idx ON services (organization_id, id);

ALTER TABLE virtual_keys
  ADD COLUMN service_id text,
  ADD COLUMN rph_limit int,
  ADD COLUMN rpd_limit int,
  ADD COLUMN tph_limit int,
  ADD COLUMN tpd_limit int,
  ADD CONSTRAINT virtual_keys_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id);
CREATE INDEX virtual_keys_service_id_idx ON virtual_keys (service_id) WHERE service_id IS NOT NULL;

CREATE TABLE usage_events (
  request_id text NOT NULL,
  organization_id text NOT NULL,
  workspace_id text NOT NULL,
  virtual_key_id text NOT NULL,
  service_id text,
  user_id text,
  call_type text NOT NULL,
  model_requested text,
  model_used text,
  upstream_model text,
  provider text,
  provider_id text,
  deployment_id text,
  credential_id text,
  credential_owner text,
  route text,
  fallback_reason text,
  cross_vendor boolean NOT NULL DEFAULT false,
  attempts jsonb NOT NULL DEFAULT '[]',
  status_code int NOT NULL,
  error_code text,
  complete boolean NOT NULL,
  client_gone boolean NOT NULL DEFAULT false,
  stream boolean NOT NULL DEFAULT false,
  prompt_tokens bigint NOT NULL DEFAULT 0,
  completion_tokens bigint NOT NULL DEFAULT 0,
  cache_read_tokens bigint NOT NULL DEFAULT 0,
  cache_write_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  usage_source text NOT NULL,
  provider_cost_nano_usd bigint,
  bytes_in bigint NOT NULL DEFAULT 0,
  bytes_out bigint NOT NULL DEFAULT 0,
  decision jsonb,
  edge_id text NOT NULL,
  started_at timestamptz NOT NULL,
  first_byte_at timestamptz,
  ended_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (request_id)
);
CREATE INDEX usage_events_organization_id_idx ON usage_events (organization_id, started_at);
CREATE INDEX usage_events_workspace_id_idx ON usage_events (workspace_id, started_at);
CREATE INDEX usage_events_virtual_key_id_idx ON usage_events (virtual_key_id, started_at);
CREATE INDEX usage_events_service_id_idx ON usage_events (service_id, started_at) WHERE service_id IS NOT NULL;
CREATE INDEX usage_events_started_at_idx ON usage_events (started_at);
`;

/** Limits at every level, routing policies, and one row for each request to port 4000. */
export class Failover1766000003000 implements MigrationInterface {
  name = 'Failover1766000003000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
    for (const table of ['services', 'usage_events']) {
      await queryRunner.query(secure(table, isTenant('organization_id'), isTenant('organization_id')));
    }
    await queryRunner.query('REVOKE UPDATE ON usage_events FROM signalbox_app');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
