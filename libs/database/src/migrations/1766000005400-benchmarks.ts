import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isPlatform, secure } from './tenancy';

const changes = `
ALTER TABLE organizations ADD COLUMN purpose text;
CREATE UNIQUE INDEX organizations_purpose_key ON organizations (purpose)
  WHERE purpose IS NOT NULL AND deleted_at IS NULL;

ALTER TABLE benchmark_runs
  ALTER COLUMN virtual_key_id DROP NOT NULL,
  ADD COLUMN samples int NOT NULL DEFAULT 1,
  ADD COLUMN allow_unpriced boolean NOT NULL DEFAULT false,
  ADD COLUMN reserved_nano_usd bigint NOT NULL DEFAULT 0,
  ADD COLUMN unknown_nano_usd bigint NOT NULL DEFAULT 0,
  ADD COLUMN schedule_id text,
  ADD COLUMN holder text,
  ADD COLUMN started_at timestamptz,
  ADD COLUMN key_ended_at timestamptz;
CREATE UNIQUE INDEX benchmark_runs_one_running_key ON benchmark_runs (state) WHERE state = 'running';

ALTER TABLE benchmark_results
  ADD COLUMN sample int NOT NULL DEFAULT 1,
  ADD COLUMN position int NOT NULL DEFAULT 0,
  ADD COLUMN attempts int NOT NULL DEFAULT 0,
  ADD COLUMN reserved_nano_usd bigint NOT NULL DEFAULT 0,
  ADD COLUMN failure text,
  DROP CONSTRAINT benchmark_results_pkey,
  ADD PRIMARY KEY (run_id, model, task, sample);

CREATE TABLE benchmark_schedules (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  suite text NOT NULL,
  models text[] NOT NULL DEFAULT '{}',
  samples int NOT NULL DEFAULT 1,
  cap_nano_usd bigint NOT NULL,
  allow_unpriced boolean NOT NULL DEFAULT false,
  every text NOT NULL,
  next_run_at timestamptz NOT NULL,
  last_run_id text,
  problem text,
  created_by text NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX benchmark_schedules_next_run_at_idx ON benchmark_schedules (next_run_at);
`;

/** Model benchmarks: spending that is reserved before each call, several samples, schedules, the platform's own tenant for them. */
export class Benchmarks1766000005400 implements MigrationInterface {
  name = 'Benchmarks1766000005400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
    await queryRunner.query(secure('benchmark_schedules', isPlatform, isPlatform));
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
