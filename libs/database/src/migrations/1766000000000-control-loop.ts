import type { MigrationInterface, QueryRunner } from 'typeorm';
import { enableTenancy } from './tenancy';

const tables = `
CREATE TABLE attempts (
  id text NOT NULL,
  request_id text NOT NULL,
  organization_id text,
  workspace_id text,
  virtual_key_id text,
  model text,
  deployment_id text,
  provider text,
  upstream_model text,
  status text NOT NULL,
  error_class text,
  status_code int,
  prompt_tokens bigint NOT NULL DEFAULT 0,
  completion_tokens bigint NOT NULL DEFAULT 0,
  total_tokens bigint NOT NULL DEFAULT 0,
  cost_nano_usd bigint NOT NULL DEFAULT 0,
  stream boolean NOT NULL DEFAULT false,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX attempts_organization_id_idx ON attempts (organization_id, started_at);
CREATE INDEX attempts_request_id_idx ON attempts (request_id);
CREATE TABLE audit_chains (
  chain text NOT NULL,
  organization_id text,
  sequence bigint NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (chain)
);
CREATE TABLE audit_events (
  id text NOT NULL,
  chain text NOT NULL,
  sequence bigint NOT NULL,
  organization_id text,
  actor_type text NOT NULL,
  actor_id text NOT NULL,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  request_id text,
  changes jsonb NOT NULL DEFAULT '{}',
  occurred_at timestamptz NOT NULL,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX audit_events_target_id_idx ON audit_events (target_id, id);
CREATE INDEX audit_events_organization_id_idx ON audit_events (organization_id, id);
CREATE UNIQUE INDEX audit_events_chain_sequence_key ON audit_events (chain, sequence);
CREATE TABLE config_releases (
  id text NOT NULL,
  number int NOT NULL,
  status text NOT NULL,
  phase text,
  config_yaml text NOT NULL,
  config_sha256 text NOT NULL,
  deployment_ids text[] NOT NULL DEFAULT '{}',
  models jsonb NOT NULL DEFAULT '[]',
  lint jsonb NOT NULL DEFAULT '[]',
  diff jsonb NOT NULL DEFAULT '{}',
  verification jsonb NOT NULL DEFAULT '{}',
  failure text,
  note text,
  rollback_of_id text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  reported_at timestamptz,
  activated_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX config_releases_one_applying_key ON config_releases (status) WHERE status = 'applying';
CREATE UNIQUE INDEX config_releases_one_active_key ON config_releases (status) WHERE status = 'active';
CREATE UNIQUE INDEX config_releases_number_key ON config_releases (number);
CREATE TABLE providers (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL,
  kind text NOT NULL,
  base_url text,
  description text,
  enabled boolean NOT NULL DEFAULT true,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX providers_name_key ON providers (name);
CREATE TABLE credentials (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text,
  provider_id text NOT NULL,
  owner_type text NOT NULL DEFAULT 'platform',
  reference text NOT NULL,
  fingerprint text NOT NULL,
  last4 text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX credentials_reference_key ON credentials (reference);
CREATE INDEX credentials_organization_id_idx ON credentials (organization_id);
CREATE INDEX credentials_provider_id_idx ON credentials (provider_id);
CREATE TABLE models (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL,
  mode text NOT NULL DEFAULT 'chat',
  description text,
  is_demo boolean NOT NULL DEFAULT false,
  enabled boolean NOT NULL DEFAULT true,
  metadata jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX models_name_key ON models (name);
CREATE TABLE deployments (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  model_id text NOT NULL,
  provider_id text NOT NULL,
  credential_id text,
  upstream_model text NOT NULL,
  base_url text,
  litellm_params jsonb NOT NULL DEFAULT '{}',
  enabled boolean NOT NULL DEFAULT true,
  PRIMARY KEY (id)
);
CREATE INDEX deployments_credential_id_idx ON deployments (credential_id);
CREATE INDEX deployments_provider_id_idx ON deployments (provider_id);
CREATE INDEX deployments_model_id_idx ON deployments (model_id, id);
CREATE TABLE idempotency_records (
  service_token_id text NOT NULL,
  idempotency_key text NOT NULL,
  organization_id text,
  request_hash text NOT NULL,
  response_status int,
  sealed_response text,
  locked_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (service_token_id, idempotency_key)
);
CREATE INDEX idempotency_records_organization_id_idx ON idempotency_records (organization_id);
CREATE INDEX idempotency_records_expires_at_idx ON idempotency_records (expires_at);
CREATE TABLE organizations (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL,
  blocked boolean NOT NULL DEFAULT false,
  metadata jsonb NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  PRIMARY KEY (id)
);
CREATE TABLE outbox_items (
  topic text NOT NULL,
  subject_id text NOT NULL,
  organization_id text,
  revision int NOT NULL DEFAULT 1,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, subject_id)
);
CREATE INDEX outbox_items_organization_id_idx ON outbox_items (organization_id);
CREATE INDEX outbox_items_due_idx ON outbox_items (next_attempt_at);
CREATE TABLE service_tokens (
  id text NOT NULL,
  organization_id text,
  name text NOT NULL,
  token_hash text NOT NULL,
  token_name text NOT NULL,
  scopes text[] NOT NULL DEFAULT '{}',
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id)
);
CREATE INDEX service_tokens_organization_id_idx ON service_tokens (organization_id, id);
CREATE UNIQUE INDEX service_tokens_token_hash_key ON service_tokens (token_hash);
CREATE TABLE workspaces (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text NOT NULL,
  name text NOT NULL,
  models text[] NOT NULL DEFAULT '{}',
  blocked boolean NOT NULL DEFAULT false,
  metadata jsonb NOT NULL DEFAULT '{}',
  mirror_state text NOT NULL DEFAULT 'pending',
  mirror_error text,
  deleted_at timestamptz,
  PRIMARY KEY (id)
);
CREATE INDEX workspaces_organization_id_idx ON workspaces (organization_id, id);
CREATE TABLE virtual_keys (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text NOT NULL,
  workspace_id text NOT NULL,
  key_alias text,
  models text[] NOT NULL DEFAULT '{}',
  max_budget numeric(20,9),
  budget_duration text,
  rpm_limit int,
  tpm_limit int,
  max_parallel_requests int,
  metadata jsonb NOT NULL DEFAULT '{}',
  blocked boolean NOT NULL DEFAULT false,
  expires_at timestamptz,
  revoked_at timestamptz,
  deleted_at timestamptz,
  created_by text NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_keys_alias_key ON virtual_keys (workspace_id, key_alias) WHERE deleted_at IS NULL AND key_alias IS NOT NULL;
CREATE INDEX virtual_keys_workspace_id_idx ON virtual_keys (workspace_id, id);
CREATE INDEX virtual_keys_organization_id_idx ON virtual_keys (organization_id, id);
CREATE TABLE virtual_key_secrets (
  id text NOT NULL,
  organization_id text NOT NULL,
  virtual_key_id text NOT NULL,
  key_hash text NOT NULL,
  key_name text NOT NULL,
  sealed_value text,
  valid_until timestamptz,
  mirror_state text NOT NULL DEFAULT 'pending',
  mirror_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id)
);
CREATE INDEX virtual_key_secrets_organization_id_idx ON virtual_key_secrets (organization_id);
CREATE INDEX virtual_key_secrets_virtual_key_id_idx ON virtual_key_secrets (virtual_key_id, id);
CREATE UNIQUE INDEX virtual_key_secrets_key_hash_key ON virtual_key_secrets (key_hash);
ALTER TABLE credentials ADD CONSTRAINT credentials_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES providers(id);
ALTER TABLE deployments ADD CONSTRAINT deployments_model_id_fkey FOREIGN KEY (model_id) REFERENCES models(id) ON DELETE CASCADE;
ALTER TABLE deployments ADD CONSTRAINT deployments_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES providers(id);
ALTER TABLE deployments ADD CONSTRAINT deployments_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id);
ALTER TABLE workspaces ADD CONSTRAINT workspaces_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
ALTER TABLE virtual_keys ADD CONSTRAINT virtual_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);
ALTER TABLE virtual_key_secrets ADD CONSTRAINT virtual_key_secrets_virtual_key_id_fkey FOREIGN KEY (virtual_key_id) REFERENCES virtual_keys(id);
`;

export class ControlLoop1766000000000 implements MigrationInterface {
  name = 'ControlLoop1766000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(tables);
    await enableTenancy(queryRunner);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
