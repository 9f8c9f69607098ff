import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import {
  ControlLoop1766000000000,
  IdempotencyCarriedOut1766000001000,
  ProviderKeys1766000002000,
} from './index';

/** An installation of the version before, migrated as `npm start` does: by an owner for whom row-level security holds. */
describe('the migration to provider keys', () => {
  const name = `signalbox_upgrade_${randomBytes(6).toString('hex')}_test`;
  const password = randomBytes(12).toString('hex');
  let admin: Client;
  let dataSource: DataSource;
  let queryRunner: QueryRunner;

  beforeAll(async () => {
    const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
    admin = new Client({ connectionString: url.toString() });
    await admin.connect();
    await admin.query(`DO $$ BEGIN CREATE ROLE signalbox_app;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' NOSUPERUSER NOBYPASSRLS`);
    await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
    Object.assign(url, { username: name, password, pathname: `/${name}` });
    dataSource = await new DataSource({ type: 'postgres', url: url.toString() }).initialize();
    queryRunner = dataSource.createQueryRunner();
  });
  afterAll(async () => {
    await queryRunner.release();
    await dataSource.destroy();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.query(`DROP ROLE ${name}`);
    await admin.end();
  });

  async function run(...migrations: MigrationInterface[]): Promise<void> {
    await queryRunner.startTransaction();
    for (const migration of migrations) await migration.up(queryRunner);
    await queryRunner.commitTransaction();
  }

  it("keeps the environment's keys as what they are, also one whose variable is gone", async () => {
    await queryRunner.query('CREATE TABLE schema_migrations (id int)');
    await run(new ControlLoop1766000000000(), new IdempotencyCarriedOut1766000001000());
    await queryRunner.startTransaction();
    await queryRunner.query(`SELECT set_config('signalbox.tenant', '*', true)`);
    await queryRunner.query(`INSERT INTO providers (id, name, kind) VALUES ('prov_1', 'openai', 'openai')`);
    await queryRunner.query(`INSERT INTO credentials (id, provider_id, reference, fingerprint, last4, enabled)
      VALUES ('cred_1', 'prov_1', 'env:ONE', 'f1', 'last', true), ('cred_2', 'prov_1', 'env:TWO', 'f2', 'last', false)`);
    await queryRunner.commitTransaction();

    await run(new ProviderKeys1766000002000());

    await queryRunner.startTransaction();
    await queryRunner.query(`SELECT set_config('signalbox.tenant', '*', true)`);
    const rows: unknown = await queryRunner.query('SELECT id, source, state FROM credentials ORDER BY id');
    await queryRunner.commitTransaction();
    expect(rows).toEqual([
      { id: 'cred_1', source: 'env', state: 'unverified' },
      { id: 'cred_2', source: 'env', state: 'disabled' },
    ]);
  });
});
