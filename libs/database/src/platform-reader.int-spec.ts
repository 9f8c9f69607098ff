import { openTestDatabase, type TestDatabase } from '../../../test/support/test-database';
import { OrganizationEntity, PlatformReader } from './index';

let database: TestDatabase;
let reader: PlatformReader;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.transactions.run('platform', (manager) =>
    manager.insert(OrganizationEntity, { id: 'org_a', name: 'a' }),
  );
  reader = new PlatformReader({ url: database.appUrl, applicationName: 'test' });
});
afterAll(async () => {
  await reader.close();
  await database.close();
});

const organization = { name: 'organization', text: 'SELECT name FROM organizations WHERE id = $1' };
const lastConnection = {
  name: 'end',
  text: 'SELECT pg_terminate_backend(pg_backend_pid())',
};

it('sees the rows of every tenant, whichever connection it gets', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => reader.query(organization, ['org_a'])));
  expect(answers).toEqual(Array.from({ length: 12 }, () => [{ name: 'a' }]));
});

it('cannot write', async () => {
  const change = { name: 'change', text: `UPDATE organizations SET name = 'b' WHERE id = $1` };
  await expect(reader.query(change, ['org_a'])).rejects.toThrow(/read-only transaction/);
});

it('says that PostgreSQL is away, and asks on a new connection afterwards', async () => {
  await expect(reader.query(lastConnection, [])).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(await reader.query(organization, ['org_a'])).toEqual([{ name: 'a' }]);
});
