import { ManualClock, newId, silentLogger } from '@signalbox/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  type SecretStoreKind,
} from '@signalbox/database';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { InfisicalStandIn } from '../../../../../test/stand-ins/infisical.stand-in';
import { type MaintenanceWorld, openMaintenance } from '../../../../../test/support/maintenance-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { SecretSweepRepository } from './secret-sweep.repository';
import { SecretSweepService } from './secret-sweep.service';

jest.setTimeout(30_000);

const hourMs = 3_600_000;
const organizationId = newId('organization');
const never = new AbortController().signal;
const clock = new ManualClock(Date.now());

let database: TestDatabase;
let infisical: InfisicalStandIn;
let world: MaintenanceWorld;
let sweeper: SecretSweepService;
let credentialId: string;
let deletedId: string;

beforeEach(async () => {
  database = await openTestDatabase();
  infisical = new InfisicalStandIn();
  await infisical.start();
  const config = { active: 'infisical' as const, infisical: infisical.config, maxStaleMs: 1_800_000 };
  world = openMaintenance(database, [{ kid: 'k1', key: Buffer.alloc(32, 1) }], config);
  const versions = new CredentialVersions(world.stores, database.transactions, clock, 'fingerprint-key');
  sweeper = new SecretSweepService(
    database.transactions,
    new SecretSweepRepository(),
    world.stores,
    versions,
    world.runner,
    clock,
    silentLogger,
  );
  await database.transactions.run('platform', async (manager) => {
    const providerId = newId('provider');
    await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
    await manager.insert(ProviderEntity, { id: providerId, name: 'openai', kind: 'openai' });
    const owner = {
      organizationId,
      providerId,
      ownerType: 'organization' as const,
      ownerKey: organizationId,
    };
    [credentialId, deletedId] = [newId('credential'), newId('credential')];
    const marks = { fingerprint: 'f', last4: 'wxyz' };
    await manager.insert(CredentialEntity, { ...owner, ...marks, id: credentialId });
    const deletedAt = new Date(clock.nowMs() - hourMs);
    const gone = { enabled: false, state: 'disabled' as const, deletedAt };
    await manager.insert(CredentialEntity, { ...owner, ...marks, ...gone, id: deletedId });
  });
});
afterEach(async () => {
  await world.stores.onApplicationShutdown();
  await infisical.close();
  await database.close();
});

let made = 0;
/** Made that long ago, in whatever store. Without `row`: a save that got no further. */
async function seed(
  store: SecretStoreKind,
  ageMs: number,
  row: Partial<Omit<CredentialVersionEntity, 'credential'>> | null,
): Promise<string> {
  made += 1;
  const id = newId('credentialVersion', clock.nowMs() - ageMs);
  const secretName = `OPENAI__${id.slice(5).toUpperCase()}`;
  await world.stores.of(store).write({ organizationId, area: 'credentials', name: secretName }, `sk-${made}`);
  await database.transactions.run('platform', async (manager) => {
    const createdAt = new Date(clock.nowMs() - ageMs);
    await manager.query('UPDATE sealed_secrets SET updated_at = $2 WHERE name LIKE $1', [
      `%${secretName}`,
      createdAt,
    ]);
    if (!row) return;
    const marks = {
      number: made,
      fingerprint: `f${made}`,
      last4: 'wxyz',
      status: 'current' as const,
      createdAt,
    };
    const place = { organizationId, secretStore: store, secretName };
    await manager.insert(CredentialVersionEntity, { id, credentialId, ...marks, ...place, ...row });
  });
  return secretName;
}

const namesIn = async (store: SecretStoreKind): Promise<string[]> =>
  (await world.stores.of(store).list(organizationId, 'credentials')).secrets.map(({ name }) => name).sort();

describe.each(['sealed', 'infisical'] as const)('the sweep of the %s store', (store) => {
  const other = store === 'sealed' ? 'infisical' : 'sealed';

  it('takes out what no version needs, an hour later, and nothing else', async () => {
    const kept = [
      await seed(store, 2 * hourMs, {}),
      await seed(store, 2 * hourMs, { status: 'staged' }),
      await seed(store, 60_000, null),
    ];
    await seed(store, 2 * hourMs, null);
    await seed(store, 2 * hourMs, { secretStore: other });
    await seed(store, 2 * hourMs, { status: 'retired', retiredAt: new Date(), erasedAt: new Date() });
    expect(await sweeper.sweep(never)).toMatchObject({ [store]: 3, [other]: 0 });
    expect(await namesIn(store)).toEqual(kept.sort());
    expect(await sweeper.sweep(never)).toMatchObject({ [store]: 0, erased: 0 });
  });

  it('erases versions that are over, of which the store was away', async () => {
    const long = new Date(clock.nowMs() - hourMs);
    await seed(store, 2 * hourMs, { status: 'retired', retiredAt: long });
    await seed(store, 2 * hourMs, { status: 'failed' });
    await seed(store, 2 * hourMs, { credentialId: deletedId });
    const kept = [
      await seed(store, 2 * hourMs, { status: 'retired', retiredAt: clock.now() }),
      await seed(store, 2 * hourMs, { status: 'retiring' }),
      await seed(store, 2 * hourMs, {}),
    ];
    expect(await sweeper.sweep(never)).toMatchObject({ erased: 3 });
    expect(await namesIn(store)).toEqual(kept.sort());
  });

  it('waits while secrets move', async () => {
    await seed(store, 2 * hourMs, null);
    await world.runner.alone('move_secrets', async () => expect(await sweeper.sweep(never)).toBeNull());
    expect(await namesIn(store)).toHaveLength(1);
  });
});

describe('the sweep of Infisical', () => {
  it('leaves alone what has no name of ours', async () => {
    await world.stores
      .of('infisical')
      .write({ organizationId, area: 'credentials', name: 'OPENAI' }, 'sk-by-hand');
    expect(await sweeper.sweep(never)).toMatchObject({ infisical: 0 });
    expect(await namesIn('infisical')).toEqual(['OPENAI']);
  });

  it('does nothing in a folder of which it knows nearly nothing: the database may be another one', async () => {
    for (let index = 0; index < 21; index += 1) await seed('infisical', 2 * hourMs, null);
    expect(await sweeper.sweep(never)).toMatchObject({ infisical: 0 });
    expect(await namesIn('infisical')).toHaveLength(21);
  });

  it('is left for later while it is away; the sealed store is swept all the same', async () => {
    await seed('infisical', 2 * hourMs, { status: 'failed' });
    await seed('sealed', 2 * hourMs, null);
    await infisical.goAway();
    expect(await sweeper.sweep(never)).toEqual({ erased: 0, sealed: 1, infisical: 0 });
  });
});
