import { newId, systemClock } from '@signalbox/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  type SecretStoreKind,
} from '@signalbox/database';
import { CredentialVersions } from '@signalbox/domain/credentials';
import type { SecretAddress } from '@signalbox/secrets';
import { InfisicalStandIn } from '../../../../../test/stand-ins/infisical.stand-in';
import {
  type MaintenanceWorld,
  openMaintenance,
  operator,
} from '../../../../../test/support/maintenance-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';

jest.setTimeout(60_000);

const ring = [{ kid: 'k1', key: Buffer.alloc(32, 1) }];
const never = new AbortController().signal;
const organizationId = newId('organization');

let database: TestDatabase;
let infisical: InfisicalStandIn;
let world: MaintenanceWorld;
let credentialId: string;

beforeEach(async () => {
  database = await openTestDatabase();
  infisical = new InfisicalStandIn();
  await infisical.start();
  world = openMaintenance(database, ring, {
    active: 'infisical',
    infisical: infisical.config,
    maxStaleMs: 1_800_000,
  });
  credentialId = await seedCredential();
});
afterEach(async () => {
  await world.stores.onApplicationShutdown();
  await infisical.close();
  await database.close();
});

async function seedCredential(): Promise<string> {
  const [providerId, id] = [newId('provider'), newId('credential')];
  await database.transactions.run('platform', async (manager) => {
    await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
    await manager.insert(ProviderEntity, { id: providerId, name: 'openai', kind: 'openai' });
    await manager.insert(CredentialEntity, {
      id,
      organizationId,
      providerId,
      ownerType: 'organization',
      ownerKey: organizationId,
      fingerprint: 'f',
      last4: 'wxyz',
    });
  });
  return id;
}

function addressOf(version: Pick<CredentialVersionEntity, 'organizationId' | 'secretName'>): SecretAddress {
  return { organizationId: version.organizationId, area: 'credentials', name: version.secretName };
}

let made = 0;
async function seed(store: SecretStoreKind, more: Partial<Omit<CredentialVersionEntity, 'credential'>> = {}) {
  made += 1;
  const id = newId('credentialVersion');
  const version = {
    id,
    organizationId,
    credentialId,
    number: made,
    status: 'current' as const,
    secretStore: store,
    secretName: `OPENAI__${id.slice(5).toUpperCase()}`,
    fingerprint: `f${made}`,
    last4: 'wxyz',
    ...more,
  };
  await world.stores.of(store).write(addressOf(version), `sk-${version.secretName}`);
  await database.transactions.run('platform', (manager) => manager.insert(CredentialVersionEntity, version));
  return version;
}

const rows = (): Promise<CredentialVersionEntity[]> =>
  database.transactions.run('platform', (manager) =>
    manager.find(CredentialVersionEntity, { order: { id: 'ASC' } }),
  );
const namesIn = async (store: SecretStoreKind): Promise<string[]> =>
  (await world.stores.of(store).list(organizationId, 'credentials')).secrets.map(({ name }) => name).sort();
const start = (to: SecretStoreKind, dryRun = false) =>
  world.service.start(operator, { kind: 'move_secrets', dryRun, to });
const resume = (signal = never) => world.runner.resume('move_secrets', signal);

describe.each([
  ['sealed', 'infisical'],
  ['infisical', 'sealed'],
] as const)('moving from %s to %s', (from, to) => {
  it('takes each secret over, and leaves none behind', async () => {
    for (let index = 0; index < 60; index += 1) await seed(from);
    const names = await namesIn(from);
    const run = await start(to);
    expect(run.total).toBe(60);
    expect(await resume()).toBe('ended');
    expect(await world.show(run)).toMatchObject({ status: 'done', done: 60, failed: 0 });
    for (const version of await rows()) {
      expect(version.secretStore).toBe(to);
      expect((await world.stores.of(to).read(addressOf(version))).value).toBe(`sk-${version.secretName}`);
    }
    expect([await namesIn(from), await namesIn(to)]).toEqual([[], names]);
    expect((await start(to, true)).total).toBe(0);
  });

  it('changes nothing in a dry run, and says what could not be moved', async () => {
    await seed(from);
    const lost = await seed(from);
    await world.stores.of(from).delete(addressOf(lost));
    const before = await rows();
    const run = await start(to, true);
    await resume();
    const ended = await world.show(run);
    expect(ended).toMatchObject({ status: 'failed', done: 1, failed: 1 });
    expect(ended.problems[0]?.name).toBe(`${credentialId} ${lost.id}`);
    expect(await rows()).toEqual(before);
    expect(await namesIn(to)).toEqual([]);
  });

  it('leaves what cannot be read where it is, and moves the others', async () => {
    const lost = await seed(from);
    await world.stores.of(from).delete(addressOf(lost));
    const fine = await seed(from);
    const run = await start(to);
    await resume();
    expect(await world.show(run)).toMatchObject({ status: 'failed', done: 1, failed: 1 });
    const stores = new Map((await rows()).map(({ id, secretStore }) => [id, secretStore]));
    expect([stores.get(lost.id), stores.get(fine.id)]).toEqual([from, to]);
  });

  it('begins a secret anew that was copied when the process died', async () => {
    const versions = [await seed(from), await seed(from), await seed(from)];
    const run = await start(to);
    const switchTo = world.versions.switchTo.bind(world.versions);
    let switched = 0;
    jest.spyOn(world.versions, 'switchTo').mockImplementation(async (...args) => {
      switched += 1;
      if (switched === 2) throw new Error('killed');
      return switchTo(...args);
    });
    await expect(resume()).rejects.toThrow('killed');
    expect((await rows()).filter(({ secretStore }) => secretStore === to)).toHaveLength(1);
    expect(await resume()).toBe('ended');
    expect(await world.show(run)).toMatchObject({ status: 'done', done: 3, failed: 0 });
    expect(await namesIn(from)).toEqual([]);
    expect(await namesIn(to)).toEqual(versions.map(({ secretName }) => secretName).sort());
  });

  it('drops the copy of a secret that was erased meanwhile', async () => {
    const version = await seed(from);
    const run = await start(to);
    const switchTo = world.versions.switchTo.bind(world.versions);
    jest.spyOn(world.versions, 'switchTo').mockImplementationOnce(async (manager, ...args) => {
      await manager.update(CredentialVersionEntity, { id: version.id }, { erasedAt: new Date() });
      return switchTo(manager, ...args);
    });
    await resume();
    expect(await world.show(run)).toMatchObject({ status: 'done', done: 0, skipped: 1 });
    expect(await namesIn(to)).toEqual([]);
  });

  it('does not touch what is erased, and reads a version whose row is out of date at its new place', async () => {
    await seed(from, { erasedAt: new Date(), status: 'retired' });
    const version = await seed(from);
    const run = await start(to);
    expect(run.total).toBe(1);
    await resume();
    const reader = new CredentialVersions(
      world.stores,
      database.transactions,
      systemClock,
      'fingerprint-key',
    );
    expect(await reader.readSecret(version)).toBe(`sk-${version.secretName}`);
  });
});

describe('while Infisical is away', () => {
  it.each(['sealed', 'infisical'] as const)('moving to %s waits, and goes on when it is back', async (to) => {
    const from = to === 'sealed' ? 'infisical' : 'sealed';
    const version = await seed(from);
    const run = await start(to);
    await infisical.goAway();
    world.stores.infisical?.hintChanged();
    expect(await resume()).toBe('waiting');
    expect(await world.show(run)).toMatchObject({ status: 'running', done: 0, failed: 0 });
    expect((await rows())[0]?.secretStore).toBe(from);
    await infisical.comeBack();
    const later = openMaintenance(database, ring, {
      active: 'infisical',
      infisical: infisical.config,
      maxStaleMs: 0,
    });
    expect(await later.runner.resume('move_secrets', never)).toBe('ended');
    expect((await later.stores.of(to).read(addressOf(version))).value).toBe(`sk-${version.secretName}`);
    await later.stores.onApplicationShutdown();
  });

  it('no move begins', async () => {
    await infisical.goAway();
    await expect(start('infisical')).rejects.toMatchObject({ code: 'secret_store_unavailable' });
  });

  it('a move ends when our identity may not write', async () => {
    await seed('sealed');
    const run = await start('infisical');
    infisical.isForbidden = ({ route }) => route === 'create';
    expect(await resume()).toBe('ended');
    const ended = await world.show(run);
    expect([ended.status, ended.problems[0]?.name]).toEqual(['failed', 'secret store']);
    expect((await rows())[0]?.secretStore).toBe('sealed');
  });
});

it('leaves what people keep in Infisical by hand where it is', async () => {
  const version = await seed('infisical');
  const manual = { id: version.id, secretName: 'manual/OPENAI' };
  await database.transactions.run('platform', (manager) =>
    manager.update(CredentialVersionEntity, { id: manual.id }, { secretName: manual.secretName }),
  );
  expect((await start('sealed')).total).toBe(0);
  await resume();
  expect(await rows()).toEqual([expect.objectContaining({ ...manual, secretStore: 'infisical' })]);
});
