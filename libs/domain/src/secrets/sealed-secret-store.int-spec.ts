import { newId } from '@signalbox/common';
import { type SecretAddress, SealedSecretStore, type SecretStoreError } from '@signalbox/secrets';
import { describeSecretStore } from '../../../../test/support/secret-store-contract';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { SealedSecretRepository } from './sealed-secret.repository';

const ring = [{ kid: 'k1', key: Buffer.alloc(32, 1) }];

describeSecretStore('sealed, in PostgreSQL', async () => {
  const database = await openTestDatabase();
  const store = new SealedSecretStore(new SealedSecretRepository(database.transactions), ring);
  return { store, close: () => database.close() };
});

describe('the sealed store in PostgreSQL', () => {
  let database: TestDatabase;
  let rows: SealedSecretRepository;
  const organizationId = newId('organization');
  const address: SecretAddress = { organizationId, area: 'credentials', name: 'OPENAI__1' };
  const secret = 'sk-canary-0123456789';

  beforeAll(async () => {
    database = await openTestDatabase();
    rows = new SealedSecretRepository(database.transactions);
  });
  afterAll(() => database.close());

  const failureOf = (work: Promise<unknown>): Promise<SecretStoreError> =>
    work.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: SecretStoreError) => error,
    );

  it('keeps nothing in clear, under a name that says whose it is', async () => {
    await new SealedSecretStore(rows, ring).write(address, secret);
    const [row] = await database.transactions.run('platform', (manager) =>
      manager.query<Record<string, unknown>[]>('SELECT * FROM sealed_secrets'),
    );
    expect(row).toMatchObject({
      name: `${organizationId}/credentials/OPENAI__1`,
      organization_id: organizationId,
      key_id: 'k1',
    });
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  it('says of a value that another ring sealed which key is missing', async () => {
    await new SealedSecretStore(rows, ring).write(address, secret);
    const other = new SealedSecretStore(rows, [{ kid: 'k9', key: Buffer.alloc(32, 9) }]);
    const error = await failureOf(other.read(address));
    expect([error.name, error.reason]).toEqual(['SecretStoreError', 'unreadable']);
    expect(error.message).toContain('"k1"');
  });

  it('does not open a row that was put in the place of another one', async () => {
    const store = new SealedSecretStore(rows, ring);
    await store.write(address, secret);
    const victim = { ...address, name: 'OPENAI__2' };
    await store.write(victim, 'sk-victim');
    await database.transactions.run('platform', (manager) =>
      manager.query(
        `UPDATE sealed_secrets SET sealed_value = (SELECT sealed_value FROM sealed_secrets WHERE name LIKE '%__1')
         WHERE name LIKE '%__2'`,
      ),
    );
    expect((await failureOf(store.read(victim))).reason).toBe('unreadable');
  });

  it('saves a key anew over one that cannot be opened', async () => {
    const damaged = { ...address, name: 'OPENAI__3' };
    const place = `${organizationId}/credentials/OPENAI__3`;
    await rows.put({ name: place, organizationId, sealedValue: 'e1.k1.x.y.z', keyId: 'k1' });
    const store = new SealedSecretStore(rows, ring);
    await store.write(damaged, secret);
    expect((await store.read(damaged)).value).toBe(secret);
  });

  it('is unavailable, and says no more, when PostgreSQL is', async () => {
    const gone = await openTestDatabase();
    const store = new SealedSecretStore(new SealedSecretRepository(gone.transactions), ring);
    await gone.close();
    for (const work of [store.read(address), store.write(address, secret), store.check()]) {
      const error = await failureOf(work);
      expect([error.reason, error.retryAfterMs]).toEqual(['unavailable', 5_000]);
      expect(error.message).toBe('The sealed store cannot be reached.');
    }
  });

  it('cannot be used without a key', async () => {
    const store = new SealedSecretStore(rows, []);
    expect((await failureOf(store.check())).reason).toBe('denied');
    expect((await failureOf(store.write(address, 'sk-other'))).reason).toBe('denied');
  });
});
