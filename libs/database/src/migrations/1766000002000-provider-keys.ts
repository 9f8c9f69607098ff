import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isPlatform, isTenant, secure } from './tenancy';

/** Row-level security holds for the owner too, who would change no row without saying for whom. */
const changes = `
ALTER TABLE organizations ADD COLUMN platform_credentials boolean NOT NULL DEFAULT true;
ALTER TABLE workspaces ADD COLUMN credential_policy text NOT NULL DEFAULT 'byok_then_platform',
  ADD COLUMN platform_fallback boolean NOT NULL DEFAULT false;
ALTER TABLE virtual_keys ADD COLUMN user_id text;
ALTER TABLE virtual_key_secrets ADD COLUMN last_used_at timestamptz;
ALTER TABLE attempts ADD COLUMN credential_id text, ADD COLUMN credential_fingerprint text;
CREATE INDEX attempts_credential_id_idx ON attempts (credential_id, ended_at) WHERE credential_id IS NOT NULL;

ALTER TABLE credentials
  ALTER COLUMN reference DROP NOT NULL,
  ALTER COLUMN provider_id DROP NOT NULL,
  ADD COLUMN purpose text NOT NULL DEFAULT 'inference',
  ADD COLUMN workspace_id text,
  ADD COLUMN user_id text,
  ADD COLUMN owner_key text NOT NULL DEFAULT 'platform',
  ADD COLUMN source text NOT NULL DEFAULT 'api',
  ADD COLUMN name text,
  ADD COLUMN key_prefix text NOT NULL DEFAULT '',
  ADD COLUMN base_url text,
  ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN state text NOT NULL DEFAULT 'pending',
  ADD COLUMN state_reason text,
  ADD COLUMN state_detail text,
  ADD COLUMN state_since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN verified_at timestamptz,
  ADD COLUMN checked_at timestamptz,
  ADD COLUMN next_check_at timestamptz,
  ADD COLUMN check_failures int NOT NULL DEFAULT 0,
  ADD COLUMN refused_at timestamptz,
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN expiry_notified_at timestamptz,
  ADD COLUMN last_used_at timestamptz,
  ADD COLUMN current_version_id text,
  ADD COLUMN rotation jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN rotate_every_days int,
  ADD COLUMN next_rotation_at timestamptz,
  ADD COLUMN rotation_reminded_at timestamptz,
  ADD COLUMN created_by text NOT NULL DEFAULT 'bootstrap',
  ADD COLUMN deleted_at timestamptz;
SELECT set_config('signalbox.tenant', '*', true);
UPDATE credentials SET source = 'env', state = CASE WHEN enabled THEN 'unverified' ELSE 'disabled' END;
ALTER TABLE credentials
  ADD CONSTRAINT credentials_owner_check CHECK (
    (owner_type = 'platform' AND organization_id IS NULL AND workspace_id IS NULL AND user_id IS NULL)
    OR (owner_type = 'organization' AND organization_id IS NOT NULL AND workspace_id IS NULL AND user_id IS NULL)
    OR (owner_type = 'workspace' AND organization_id IS NOT NULL AND workspace_id IS NOT NULL AND user_id IS NULL)
    OR (owner_type = 'member' AND organization_id IS NOT NULL AND workspace_id IS NULL AND user_id IS NOT NULL)),
  ADD CONSTRAINT credentials_owner_key_check CHECK (owner_key = CASE owner_type
    WHEN 'platform' THEN 'platform' WHEN 'organization' THEN organization_id
    WHEN 'workspace' THEN workspace_id ELSE organization_id || '/' || user_id END),
  ADD CONSTRAINT credentials_provider_check CHECK (provider_id IS NOT NULL OR deleted_at IS NOT NULL),
  ADD CONSTRAINT credentials_state_check CHECK ((state = 'disabled') = (NOT enabled)),
  ADD CONSTRAINT credentials_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);
CREATE UNIQUE INDEX credentials_one_enabled_key ON credentials (owner_key, provider_id, purpose)
  WHERE enabled AND deleted_at IS NULL;
CREATE INDEX credentials_next_check_idx ON credentials (next_check_at) WHERE enabled AND deleted_at IS NULL;

CREATE TABLE credential_versions (
  id text NOT NULL,
  organization_id text,
  credential_id text NOT NULL,
  number int NOT NULL,
  status text NOT NULL,
  secret_store text NOT NULL,
  secret_name text NOT NULL,
  fingerprint text NOT NULL,
  key_prefix text NOT NULL DEFAULT '',
  last4 text NOT NULL,
  external_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  switched_at timestamptz,
  last_used_at timestamptz,
  retired_at timestamptz,
  erased_at timestamptz,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX credential_versions_number_key ON credential_versions (credential_id, number);
CREATE INDEX credential_versions_organization_id_idx ON credential_versions (organization_id);
CREATE INDEX credential_versions_fingerprint_idx ON credential_versions (fingerprint);
ALTER TABLE credential_versions ADD CONSTRAINT credential_versions_credential_id_fkey
  FOREIGN KEY (credential_id) REFERENCES credentials(id);

CREATE TABLE sealed_secrets (
  name text NOT NULL,
  organization_id text,
  sealed_value text NOT NULL,
  key_id text NOT NULL,
  revision int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name)
);
CREATE INDEX sealed_secrets_organization_id_idx ON sealed_secrets (organization_id);
CREATE INDEX sealed_secrets_key_id_idx ON sealed_secrets (key_id, name);

CREATE TABLE rotations (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text,
  subject_type text NOT NULL,
  subject_id text NOT NULL,
  method text NOT NULL,
  trigger text NOT NULL,
  status text NOT NULL,
  step text NOT NULL,
  from_version_id text,
  to_version_id text,
  grace_seconds int NOT NULL,
  deadline_at timestamptz,
  next_step_at timestamptz,
  attempts int NOT NULL DEFAULT 0,
  error_code text,
  error_detail text,
  data jsonb NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX rotations_one_running_key ON rotations (subject_id) WHERE status = 'running';
CREATE INDEX rotations_subject_id_idx ON rotations (subject_id, id);
CREATE INDEX rotations_organization_id_idx ON rotations (organization_id, id);
CREATE INDEX rotations_due_idx ON rotations (next_step_at) WHERE finished_at IS NULL;
CREATE TABLE rotation_events (
  id text NOT NULL,
  organization_id text,
  rotation_id text NOT NULL,
  step text NOT NULL,
  outcome text NOT NULL,
  detail text,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id)
);
CREATE INDEX rotation_events_rotation_id_idx ON rotation_events (rotation_id, id);
CREATE INDEX rotation_events_organization_id_idx ON rotation_events (organization_id);
ALTER TABLE rotation_events ADD CONSTRAINT rotation_events_rotation_id_fkey
  FOREIGN KEY (rotation_id) REFERENCES rotations(id) ON DELETE CASCADE;

CREATE TABLE webhooks (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  organization_id text,
  url text NOT NULL,
  events text[] NOT NULL DEFAULT '{}',
  sealed_secret text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  created_by text NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX webhooks_organization_id_idx ON webhooks (organization_id, id);
CREATE TABLE webhook_deliveries (
  id text NOT NULL,
  organization_id text,
  webhook_id text NOT NULL,
  event_type text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_status int,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (id)
);
CREATE INDEX webhook_deliveries_webhook_id_idx ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_organization_id_idx ON webhook_deliveries (organization_id);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_webhook_id_fkey
  FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE;

CREATE TABLE probe_permits (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  host text NOT NULL,
  actor_id text,
  taken_at timestamptz NOT NULL,
  released_at timestamptz,
  PRIMARY KEY (id)
);
CREATE INDEX probe_permits_host_idx ON probe_permits (host, taken_at);
CREATE INDEX probe_permits_actor_id_idx ON probe_permits (actor_id, taken_at);
CREATE INDEX probe_permits_taken_at_idx ON probe_permits (taken_at);

CREATE TABLE maintenance_runs (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  status text NOT NULL,
  dry_run boolean NOT NULL DEFAULT false,
  parameters jsonb NOT NULL DEFAULT '{}',
  cursor text,
  total int NOT NULL DEFAULT 0,
  done int NOT NULL DEFAULT 0,
  skipped int NOT NULL DEFAULT 0,
  failed int NOT NULL DEFAULT 0,
  problems jsonb NOT NULL DEFAULT '[]',
  created_by text NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX maintenance_runs_one_running_key ON maintenance_runs (kind) WHERE status = 'running';
`;

const tenantTables = [
  'credentials',
  'credential_versions',
  'sealed_secrets',
  'rotations',
  'rotation_events',
  'webhooks',
  'webhook_deliveries',
];

const platformTables = ['maintenance_runs', 'probe_permits'];

/** Provider keys of tenants (BYOK): their versions, life cycle, rotation, owners' webhooks, and the sealed store. */
export class ProviderKeys1766000002000 implements MigrationInterface {
  name = 'ProviderKeys1766000002000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
    for (const action of ['read', 'insert', 'update', 'delete']) {
      await queryRunner.query(`DROP POLICY credentials_${action} ON credentials`);
    }
    for (const table of tenantTables) {
      await queryRunner.query(secure(table, isTenant('organization_id'), isTenant('organization_id')));
    }
    for (const table of platformTables) await queryRunner.query(secure(table, isPlatform, isPlatform));
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
