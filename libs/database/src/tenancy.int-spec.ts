import { openTestDatabase, type TestDatabase } from '../../../test/support/test-database';
import { Client } from 'pg';
import { createDataSource, OrganizationEntity, WorkspaceEntity } from './index';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.transactions.run('platform', async (manager) => {
    for (const id of ['org_a', 'org_b']) {
      await manager.insert(OrganizationEntity, { id, name: id });
      await manager.insert(WorkspaceEntity, { id: `ws_${id}`, organizationId: id, name: 'main' });
    }
  });
});

afterAll(() => database.close());

async function tables(): Promise<string[]> {
  const rows: { tablename: string }[] = await database.dataSource.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'`,
  );
  return rows.map((row) => row.tablename);
}

describe('row-level security', () => {
  it('is forced on every table', async () => {
    const rows = await database.dataSource.query(
      `SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'schema_migrations'
         AND NOT (relrowsecurity AND relforcerowsecurity)`,
    );
    expect(rows).toEqual([]);
  });

  it('shows the application role nothing without a tenant', async () => {
    for (const table of await tables()) {
      expect([table, await database.dataSource.query(`SELECT * FROM ${table}`)]).toEqual([table, []]);
    }
    const changed = await database.dataSource.query(`UPDATE organizations SET name = 'x' RETURNING id`);
    expect(changed).toEqual([[], 0]);
    await expect(
      database.dataSource.query(`INSERT INTO organizations (id, name) VALUES ('org_c', 'c')`),
    ).rejects.toThrow(/row-level security/);
  });

  it('shows a tenant its own rows only, and lets it write only those', async () => {
    const tenant = { organizationId: 'org_a' };
    const seen = await database.transactions.run(tenant, (manager) => manager.find(WorkspaceEntity));
    expect(seen.map((row) => row.id)).toEqual(['ws_org_a']);
    await expect(
      database.transactions.run(tenant, (manager) =>
        manager.insert(WorkspaceEntity, { id: 'ws_x', organizationId: 'org_b', name: 'theirs' }),
      ),
    ).rejects.toThrow(/row-level security/);
    await expect(
      database.transactions.run(tenant, (manager) =>
        manager.update(WorkspaceEntity, { id: 'ws_org_a' }, { organizationId: 'org_b' }),
      ),
    ).rejects.toThrow(/row-level security/);
  });

  it('does not let the tenant of one transaction leak into the next', async () => {
    await database.transactions.run('platform', (manager) => manager.find(OrganizationEntity));
    expect(await database.dataSource.query('SELECT * FROM organizations')).toEqual([]);
  });

  it('binds the owner of the tables too', async () => {
    const owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('CREATE ROLE plain_owner_test NOLOGIN');
    await owner.query('ALTER TABLE organizations OWNER TO plain_owner_test');
    await owner.query('SET ROLE plain_owner_test');
    expect((await owner.query('SELECT * FROM organizations')).rows).toEqual([]);
    await owner.query('RESET ROLE');
    await owner.query('ALTER TABLE organizations OWNER TO CURRENT_USER');
    await owner.query('DROP OWNED BY plain_owner_test');
    await owner.query('DROP ROLE plain_owner_test');
    await owner.end();
  });

  it('cannot be switched off by the application role', async () => {
    await expect(
      database.dataSource.query('ALTER TABLE organizations DISABLE ROW LEVEL SECURITY'),
    ).rejects.toThrow();
    await expect(database.dataSource.query('SET ROLE postgres')).rejects.toThrow();
    const [role] = await database.dataSource.query(
      'SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false });
  });

  it('keeps audit events unchangeable', async () => {
    const run = (sql: string) => database.transactions.run('platform', (manager) => manager.query(sql));
    await expect(run(`UPDATE audit_events SET action = 'x'`)).rejects.toThrow(/permission denied/);
    await expect(run('DELETE FROM audit_events')).rejects.toThrow(/permission denied/);
  });
});

describe('migrations', () => {
  it('agree with the entities', async () => {
    const owner = createDataSource({ url: database.ownerUrl, applicationName: 'test' });
    await owner.initialize();
    const pending = await owner.driver.createSchemaBuilder().log();
    await owner.destroy();
    expect(pending.upQueries.map(({ query }) => query)).toEqual([]);
  });
});
