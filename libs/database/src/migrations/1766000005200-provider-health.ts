import type { MigrationInterface, QueryRunner } from 'typeorm';

const changes = `
ALTER TABLE provider_health
  ADD COLUMN reason text NOT NULL DEFAULT 'nothing_known',
  ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN probe_way text NOT NULL DEFAULT 'none',
  ADD COLUMN probe_outcome text,
  ADD COLUMN probe_detail text,
  ADD COLUMN probed_at timestamptz,
  ADD COLUMN failed_probes int NOT NULL DEFAULT 0;
`;

/** Since when a provider is as it is, why, and what its last check said. */
export class ProviderHealth1766000005200 implements MigrationInterface {
  name = 'ProviderHealth1766000005200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
