import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isPlatform, secure } from './tenancy';

const changes = `
CREATE TABLE facts_documents (
  id text NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  fingerprint text NOT NULL,
  deployments jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (id)
);
`;

/** What is known of the deployments, as the edges get it. */
export class Facts1766000005100 implements MigrationInterface {
  name = 'Facts1766000005100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(changes);
    await queryRunner.query(secure('facts_documents', isPlatform, isPlatform));
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
