import { newId, seal, unseal } from '@signalbox/common';
import {
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WebhookEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import type { SealedSecretStore, SecretAddress } from '@signalbox/secrets';
import {
  type MaintenanceWorld,
  openMaintenance,
  openSealedStore,
  operator,
} from '../../../../../test/support/maintenance-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { waitUntil } from '../../../../../test/support/wait-until';

jest.setTimeout(60_000);

const oldKey = { kid: 'k1', key: Buffer.alloc(32, 1) };
const newKey = { kid: 'k2', key: Buffer.alloc(32, 2) };
const organizations = [null, newId('organization'), newId('organization')];
const never = new AbortController().signal;

let database: TestDatabase;
let world: MaintenanceWorld;
beforeEach(async () => {
  database = await openTestDatabase();
  world = openMaintenance(database, [newKey, oldKey]);
});
afterEach(() => database.close());

function addressOf(index: number): SecretAddress {
  const organizationId = organizations[index % organizations.length] ?? null;
  return { organizationId, area: 'credentials', name: `OPENAI__${index}` };
}

function storeWith(...ring: (typeof oldKey)[]): SealedSecretStore {
  return openSealedStore(database, ring);
}

async function seed(count: number): Promise<void> {
  const store = storeWith(oldKey);
  for (let index = 0; index < count; index += 1) await store.write(addressOf(index), `sk-${index}`);
}

const sql = <Row>(text: string, parameters: unknown[] = []): Promise<Row[]> =>
  database.transactions.run('platform', (manager) => manager.query<Row[]>(text, parameters));

const start = (dryRun = false) => world.service.start(operator, { kind: 'reencrypt_secrets', dryRun });
const resume = (signal = never) => world.runner.resume('reencrypt_secrets', signal);

async function seedSealedByHand(): Promise<{ secretId: string; webhookId: string }> {
  const [organizationId, workspaceId] = [newId('organization'), newId('workspace')];
  const [virtualKeyId, secretId, webhookId] = [
    newId('virtualKey'),
    newId('virtualKeySecret'),
    newId('webhook'),
  ];
  await database.transactions.run('platform', async (manager) => {
    await manager.insert(OrganizationEntity, { id: organizationId, name: 'acme' });
    await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    const key = { id: virtualKeyId, organizationId, workspaceId, createdBy: 'test' };
    await manager.insert(VirtualKeyEntity, key);
    await manager.insert(VirtualKeySecretEntity, {
      id: secretId,
      organizationId,
      virtualKeyId,
      keyHash: secretId,
      keyName: 'sk-...0000',
      sealedValue: seal([oldKey], 'sk-sb-value', secretId),
    });
    await manager.insert(WebhookEntity, {
      id: webhookId,
      organizationId,
      url: 'https://example.com',
      events: [],
      sealedSecret: seal([oldKey], 'whsec_value', webhookId),
      createdBy: 'test',
    });
  });
  return { secretId, webhookId };
}

describe('sealing anew', () => {
  it('reaches every sealed value, after which the old key is not needed any more', async () => {
    await seed(5);
    const { secretId, webhookId } = await seedSealedByHand();
    const run = await start();
    expect([run.status, run.total]).toEqual(['running', 7]);
    expect(await resume()).toBe('ended');
    expect(await world.show(run)).toMatchObject({
      status: 'done',
      total: 7,
      done: 7,
      failed: 0,
      problems: [],
    });
    for (let index = 0; index < 5; index += 1) {
      expect((await storeWith(newKey).read(addressOf(index))).value).toBe(`sk-${index}`);
    }
    const [secret] = await sql<{ sealed: string }>('SELECT sealed_value AS sealed FROM virtual_key_secrets');
    const [webhook] = await sql<{ sealed: string }>('SELECT sealed_secret AS sealed FROM webhooks');
    expect(unseal([newKey], secret?.sealed ?? '', secretId)).toBe('sk-sb-value');
    expect(unseal([newKey], webhook?.sealed ?? '', webhookId)).toBe('whsec_value');
    expect((await start(true)).total).toBe(0);
  });

  it('changes no version: the values are the same', async () => {
    await seed(1);
    const before = await storeWith(oldKey).read(addressOf(0));
    await start();
    await resume();
    expect(await storeWith(newKey).read(addressOf(0))).toEqual(before);
  });

  it('goes on with reads and writes, is stopped half-way and taken up again, and loses nothing', async () => {
    const count = 400;
    await seed(count);
    const both = storeWith(newKey, oldKey);
    const expected = new Map(Array.from({ length: count }, (_each, index) => [index, `sk-${index}`]));
    const ending = new AbortController();
    let [reads, writes] = [0, 0];
    const busy = (async () => {
      for (let round = 0; !ending.signal.aborted; round += 1) {
        const index = (round * 37) % count;
        expect((await both.read(addressOf(index))).value).toBe(expected.get(index));
        reads += 1;
        if (round % 3 !== 0) continue;
        const value = `sk-${index}-${round}`;
        await both.write(addressOf(index), value);
        expected.set(index, value);
        writes += 1;
      }
    })();

    const run = await start();
    const stop = new AbortController();
    const first = resume(stop.signal);
    await waitUntil(async () => (await world.show(run)).done >= 100, {
      deadlineMs: 30_000,
      what: 'some rows',
    });
    stop.abort();
    expect(await first).toBe('stopped');
    const half = await world.show(run);
    expect(half.status).toBe('running');
    expect(half.done + half.skipped).toBeLessThan(count);

    expect(await openMaintenance(database, [newKey, oldKey]).runner.resume('reencrypt_secrets', never)).toBe(
      'ended',
    );
    ending.abort();
    await busy;
    expect([reads > 0, writes > 0]).toEqual([true, true]);
    const done = await world.show(run);
    expect(done).toMatchObject({ status: 'done', failed: 0 });
    const onlyNew = storeWith(newKey);
    for (const [index, value] of expected) expect((await onlyNew.read(addressOf(index))).value).toBe(value);
    // Those that the writers sealed anew themselves were not to do any more: when the rows were counted, or when their turn came.
    expect(done.total).toBeGreaterThan(count - writes - 1);
    expect(done.total).toBeLessThanOrEqual(count);
    expect(done.done + done.skipped).toBeLessThanOrEqual(done.total);
  });

  it('counts each row once, also when the process dies between two of them', async () => {
    await seed(10);
    const run = await start();
    const replace = world.columns.replace.bind(world.columns);
    let replaced = 0;
    jest.spyOn(world.columns, 'replace').mockImplementation(async (...args) => {
      await replace(...args);
      replaced += 1;
      if (replaced === 5) throw new Error('killed');
    });
    await expect(resume()).rejects.toThrow('killed');
    expect(await world.show(run)).toMatchObject({ status: 'running', done: 4 });
    expect(await resume()).toBe('ended');
    expect(await world.show(run)).toMatchObject({ status: 'done', done: 10, skipped: 0 });
  });

  it('reports what it cannot open, leaves it as it is, and does all the others', async () => {
    await seed(6);
    await storeWith({ kid: 'lost', key: Buffer.alloc(32, 9) }).write(addressOf(100), 'sk-lost');
    await sql(
      `UPDATE sealed_secrets SET sealed_value = left(sealed_value, -4) || 'AAAA' WHERE name LIKE '%__2'`,
    );
    const before = await sql(
      `SELECT * FROM sealed_secrets WHERE name LIKE '%__2' OR name LIKE '%__100' ORDER BY name`,
    );
    const run = await start();
    await resume();
    const ended = await world.show(run);
    expect(ended).toMatchObject({ status: 'failed', total: 7, done: 5, failed: 2 });
    expect(ended.problems.map(({ name, reason }) => `${name}: ${reason}`).sort()).toEqual([
      expect.stringMatching(/sealed_secrets .*__100: .*"lost", which is not in the ring/),
      expect.stringMatching(/sealed_secrets .*__2: .*damaged/),
    ]);
    expect(
      await sql(`SELECT * FROM sealed_secrets WHERE name LIKE '%__2' OR name LIKE '%__100' ORDER BY name`),
    ).toEqual(before);
  });

  it('only looks and counts in a dry run', async () => {
    await seed(3);
    await sql(`UPDATE sealed_secrets SET sealed_value = 'e1.k1.no' WHERE name LIKE '%__1'`);
    const before = await sql('SELECT * FROM sealed_secrets ORDER BY name');
    const run = await start(true);
    await resume();
    expect(await world.show(run)).toMatchObject({ status: 'failed', dryRun: true, done: 2, failed: 1 });
    expect(await sql('SELECT * FROM sealed_secrets ORDER BY name')).toEqual(before);
  });
});

describe('a run', () => {
  it('is one at a time of its kind, and one process works on it', async () => {
    await seed(2);
    const run = await start();
    await expect(start()).rejects.toMatchObject({ code: 'maintenance_run_in_progress' });
    const other = openMaintenance(database, [newKey, oldKey]);
    await world.runner.alone('reencrypt_secrets', async () => {
      expect(await other.runner.resume('reencrypt_secrets', never)).toBe('busy');
    });
    expect((await world.show(run)).done).toBe(0);
    expect(await other.runner.resume('reencrypt_secrets', never)).toBe('ended');
    expect(await other.runner.resume('reencrypt_secrets', never)).toBe('idle');
  });

  it('that is cancelled does no further row', async () => {
    await seed(5);
    const run = await start();
    const replace = world.columns.replace.bind(world.columns);
    let replaced = 0;
    jest.spyOn(world.columns, 'replace').mockImplementation(async (...args) => {
      replaced += 1;
      if (replaced === 3) await world.service.cancel(operator, run.id);
      await replace(...args);
    });
    expect(await resume()).toBe('ended');
    expect(await world.show(run)).toMatchObject({ status: 'cancelled', done: 2 });
    const left = await sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM sealed_secrets WHERE key_id = 'k1'`,
    );
    expect(left).toEqual([{ count: 3 }]);
    expect(await world.service.cancel(operator, run.id)).toMatchObject({ status: 'cancelled' });
    expect((await start()).status).toBe('running');
  });

  it('stays in the audit trail: who began it, and how it ended', async () => {
    await seed(1);
    const run = await start();
    await resume();
    const events = await sql<{ action: string; changes: object }>(
      'SELECT action, changes FROM audit_events WHERE target_id = $1 ORDER BY sequence',
      [run.id],
    );
    expect(events).toEqual([
      {
        action: 'maintenance_run.started',
        changes: expect.objectContaining({ kind: 'reencrypt_secrets', total: 1 }),
      },
      { action: 'maintenance_run.finished', changes: expect.objectContaining({ status: 'done', done: 1 }) },
    ]);
  });

  it("is the operator's business, not a tenant's", async () => {
    const tenant = { ...operator, organizationId: newId('organization') };
    await expect(
      world.service.start(tenant, { kind: 'reencrypt_secrets', dryRun: true }),
    ).rejects.toMatchObject({
      code: 'platform_only',
    });
    const reader = { ...operator, scopes: ['credentials:write'] };
    await expect(world.service.list(reader, {}, 10)).rejects.toMatchObject({ code: 'scope_missing' });
  });
});
