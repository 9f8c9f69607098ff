import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isAnyTenant, isPlatform, isTenant, secure } from './tenancy';

const changes = `
ALTER TABLE organizations ADD COLUMN routing jsonb NOT NULL DEFAULT '{}';
ALTER TABLE providers ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE models ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE deployments ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE usage_events
  ADD COLUMN power_level text,
  ADD COLUMN cost_nano_usd bigint,
  ADD COLUMN prices jsonb;

CREATE TABLE platform_settings (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  routing jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (id)
);

CREATE TABLE routing_versions (
  id text NOT NULL,
  scope text NOT NULL,
  subject_id text NOT NULL,
  organization_id text,
  number int NOT NULL,
  document jsonb NOT NULL DEFAULT '{}',
  actor text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id),
  CONSTRAINT routing_versions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
);
CREATE UNIQUE INDEX routing_versions_number_key ON routing_versions (scope, subject_id, number);

CREATE TABLE catalogue_entries (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL,
  vendor text NOT NULL,
  mode text NOT NULL,
  status text NOT NULL,
  fields jsonb NOT NULL DEFAULT '{}',
  provenance jsonb NOT NULL DEFAULT '{}',
  fingerprint text NOT NULL,
  expires_on date,
  vanished_at timestamptz,
  replacement_id text,
  PRIMARY KEY (id)
);
CREATE INDEX catalogue_entries_status_idx ON catalogue_entries (status, id);

CREATE TABLE catalogue_prices (
  id text NOT NULL,
  entry_id text NOT NULL,
  provider text NOT NULL,
  prices jsonb NOT NULL DEFAULT '{}',
  source text NOT NULL,
  effective_from timestamptz NOT NULL,
  effective_to timestamptz,
  sync_id text,
  PRIMARY KEY (id),
  CONSTRAINT catalogue_prices_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES catalogue_entries(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX catalogue_prices_current_key ON catalogue_prices (entry_id, provider) WHERE effective_to IS NULL;
CREATE INDEX catalogue_prices_entry_id_idx ON catalogue_prices (entry_id, provider, effective_from);

CREATE TABLE catalogue_syncs (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  trigger text NOT NULL,
  state text NOT NULL,
  step text NOT NULL,
  progress jsonb NOT NULL DEFAULT '{}',
  counts jsonb NOT NULL DEFAULT '{}',
  problem text,
  next_attempt_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX catalogue_syncs_one_open_key ON catalogue_syncs (state) WHERE state = 'running';
CREATE INDEX catalogue_syncs_created_at_idx ON catalogue_syncs (created_at);

CREATE TABLE catalogue_staged (
  sync_id text NOT NULL,
  source text NOT NULL,
  key text NOT NULL,
  document jsonb NOT NULL,
  PRIMARY KEY (sync_id, source, key),
  CONSTRAINT catalogue_staged_sync_id_fkey FOREIGN KEY (sync_id) REFERENCES catalogue_syncs(id) ON DELETE CASCADE
);

CREATE TABLE catalogue_changes (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  sync_id text NOT NULL,
  entry_id text,
  provider text,
  anomaly text NOT NULL,
  detail text NOT NULL,
  before jsonb,
  after jsonb,
  fingerprint text NOT NULL,
  state text NOT NULL,
  decided_at timestamptz,
  decided_by text,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX catalogue_changes_waiting_key ON catalogue_changes (fingerprint) WHERE state = 'waiting';
CREATE INDEX catalogue_changes_state_idx ON catalogue_changes (state, id);

CREATE TABLE quality_scores (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  subject text NOT NULL,
  score numeric(6,5) NOT NULL,
  state text NOT NULL,
  source text NOT NULL,
  note text,
  benchmark_run_id text,
  decided_at timestamptz,
  decided_by text,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX quality_scores_in_force_key ON quality_scores (subject) WHERE state = 'in_force';
CREATE INDEX quality_scores_state_idx ON quality_scores (state, id);

CREATE TABLE benchmark_runs (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  suite text NOT NULL,
  models text[] NOT NULL DEFAULT '{}',
  virtual_key_id text NOT NULL,
  trigger text NOT NULL,
  state text NOT NULL,
  cap_nano_usd bigint NOT NULL,
  spent_nano_usd bigint NOT NULL DEFAULT 0,
  progress jsonb NOT NULL DEFAULT '{}',
  problem text,
  ended_at timestamptz,
  PRIMARY KEY (id)
);
CREATE INDEX benchmark_runs_created_at_idx ON benchmark_runs (created_at);

CREATE TABLE benchmark_results (
  run_id text NOT NULL,
  model text NOT NULL,
  task text NOT NULL,
  state text NOT NULL,
  score numeric(6,5),
  first_byte_ms int,
  duration_ms int,
  prompt_tokens int,
  completion_tokens int,
  cost_nano_usd bigint,
  request_id text,
  detail text,
  PRIMARY KEY (run_id, model, task),
  CONSTRAINT benchmark_results_run_id_fkey FOREIGN KEY (run_id) REFERENCES benchmark_runs(id) ON DELETE CASCADE
);

CREATE TABLE provider_health (
  provider_id text NOT NULL,
  state text NOT NULL,
  source text NOT NULL,
  detail text,
  latency_ms int,
  error_rate numeric(6,5),
  requests int,
  checked_at timestamptz NOT NULL,
  PRIMARY KEY (provider_id),
  CONSTRAINT provider_health_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES providers(id) ON DELETE CASCADE
);
`;

/** Rows of the platform that each tenant may read. */
const sharedTables = [
  'platform_settings',
  'catalogue_entries',
  'catalogue_prices',
  'quality_scores',
  'provider_health',
];
const platformTables = [
  'catalogue_syncs',
  'catalogue_staged',
  'catalogue_changes',
  'benchmark_runs',
  'benchmark_results',
];

/** The catalogue and its prices, routing policies above the workspace, quality, model benchmarks. */
export class Routing1766000004000 implements MigrationInterface {
  name = 'Routing1766000004000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
    await queryRunner.query(
      secure('routing_versions', isTenant('organization_id'), isTenant('organization_id')),
    );
    for (const table of sharedTables) await queryRunner.query(secure(table, isAnyTenant, isPlatform));
    for (const table of platformTables) await queryRunner.query(secure(table, isPlatform, isPlatform));
    await queryRunner.query('REVOKE UPDATE, DELETE ON routing_versions FROM signalbox_app');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
