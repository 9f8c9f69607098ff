import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Written in the transaction of the change, so that a lost answer is told from a change that never was. */
export class IdempotencyCarriedOut1766000001000 implements MigrationInterface {
  name = 'IdempotencyCarriedOut1766000001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE idempotency_records ADD COLUMN carried_out jsonb');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup instead.');
  }
}
