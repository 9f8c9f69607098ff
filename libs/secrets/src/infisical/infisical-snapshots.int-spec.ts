import { newId } from '@signalbox/common';
import {
  canary,
  failureOf,
  InfisicalWorld,
  type WorldSettings,
} from '../../../../test/support/infisical-world';
import { waitUntil } from '../../../../test/support/wait-until';

const minuteMs = 60_000;

describe.each(['2024', 'newer'] as const)('what Infisical holds (%s)', (dialect) => {
  let world: InfisicalWorld;
  const start = async (settings: WorldSettings = {}): Promise<InfisicalWorld> => {
    world = await InfisicalWorld.start({ dialect, ...settings });
    return world;
  };

  afterEach(() => world.close());

  test('a hundred reads of one owner cost one request', async () => {
    const { server } = await start();
    const store = world.openStore();
    const addresses = Array.from({ length: 100 }, (_each, index) => world.given(`OPENAI__${index}`));
    await Promise.all(addresses.map((address) => store.read(address)));
    expect(server.count('list')).toBe(1);
    expect(server.count('get')).toBe(0);
  });

  test('a snapshot is renewed in the background before it is a minute old, and then asked for first', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    clock.advanceMs(47_000);
    await store.read(address);
    expect(server.count('list')).toBe(1);
    server.put(world.folder, 'OPENAI__1', 'sk-canary-2');
    clock.advanceMs(2_000);
    await store.read(address);
    await waitUntil(async () => (await store.read(address)).value === 'sk-canary-2', {
      deadlineMs: 2_000,
      what: 'the renewed snapshot',
    });
    expect(server.count('list')).toBe(2);
    server.put(world.folder, 'OPENAI__1', 'sk-canary-3');
    clock.advanceMs(minuteMs);
    expect((await store.read(address)).value).toBe('sk-canary-3');
  });

  test('a value that refers to another secret is given as it is written', async () => {
    const { server } = await start();
    const store = world.openStore();
    server.put('/signalbox/platform/credentials', 'OPENAI__9', 'sk-canary-of-the-platform');
    const trap = `abc\${prod.signalbox.platform.credentials.OPENAI__9}def`;
    expect((await store.read(world.given('OPENAI__1', trap))).value).toBe(trap);
  });

  test('a reference to a value is not taken for the value, and is replaced by it', async () => {
    const { server } = await start();
    const store = world.openStore();
    server.put('/signalbox/platform/credentials', 'OPENAI__9', canary);
    const address = world.given('OPENAI__1', `\${prod.signalbox.platform.credentials.OPENAI__9}`);
    await store.write(address, canary);
    expect(server.get(world.folder, 'OPENAI__1')).toBe(canary);
  });

  test('an environment that is not there is told as such, not as missing keys', async () => {
    await start();
    const store = world.openStore({ environment: 'staging' });
    const address = world.given();
    const works = [
      () => store.read(address),
      () => store.check(),
      () => store.list(world.organizationId, 'credentials'),
    ];
    for (const work of works) {
      const failure = await failureOf(work());
      expect(failure.reason).toBe('denied');
      expect(failure.message).toContain('INFISICAL_ENVIRONMENT');
    }
  });

  test('a listing says whether the folder is there', async () => {
    const { server } = await start();
    const store = world.openStore();
    expect(await store.list(world.organizationId, 'manual')).toEqual({ secrets: [], isComplete: false });
    server.makeFolder(world.manualFolder);
    expect(await store.list(world.organizationId, 'manual')).toEqual({ secrets: [], isComplete: true });
    server.put(world.manualFolder, 'OPENAI', canary);
    expect(await store.list(world.organizationId, 'manual')).toMatchObject({
      secrets: [{ name: 'OPENAI' }],
      isComplete: true,
    });
    server.removeFolder(world.manualFolder);
    expect((await store.list(world.organizationId, 'manual')).isComplete).toBe(false);
  });

  test('organizations with a folder, and whether it has keys kept by hand, are known', async () => {
    const { server } = await start();
    const store = world.openStore();
    expect(await store.organizations()).toEqual([]);
    world.given();
    expect(await store.organizations()).toEqual([world.organizationId]);
    expect(await store.hasArea(world.organizationId, 'manual')).toBe(false);
    expect(await store.hasArea(null, 'manual')).toBe(false);
    server.makeFolder('/signalbox/platform/manual');
    expect(await store.hasArea(null, 'manual')).toBe(true);
  });

  test('a folder that somebody removed is made again by the next write', async () => {
    const { server } = await start();
    const store = world.openStore();
    await store.write(world.address(), canary);
    server.removeFolder('/signalbox');
    expect((await failureOf(store.write(world.address('OPENAI__2'), ''))).reason).toBe('invalid_value');
    await store.write(world.address('OPENAI__2'), canary);
    expect(server.get(world.folder, 'OPENAI__2')).toBe(canary);
    expect((await failureOf(store.read(world.address()))).reason).toBe('not_found');
  });

  test('writers of one new folder make it once', async () => {
    const { server } = await start();
    const store = world.openStore();
    await Promise.all(
      Array.from({ length: 5 }, (_each, index) => store.write(world.address(`OPENAI__${index}`), canary)),
    );
    expect(server.count('folder_create')).toBe(1);
    expect(server.names(world.folder)).toHaveLength(5);
  });

  test('what another process wrote is found at once, although the folder was just listed', async () => {
    await start();
    const [reader, writer] = [world.openStore(), world.openStore()];
    await reader.read(world.given('OPENAI__1'));
    await writer.write(world.address('OPENAI__2'), canary);
    expect((await reader.read(world.address('OPENAI__2'))).value).toBe(canary);
  });

  test('a name that is not there is asked for once, for a while', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    world.given('OPENAI__1');
    for (let read = 0; read < 20; read += 1) {
      expect((await failureOf(store.read(world.address('OPENAI__2')))).reason).toBe('not_found');
    }
    expect(server.count('list')).toBe(2);
    world.given('OPENAI__2');
    clock.advanceMs(15_000);
    expect((await store.read(world.address('OPENAI__2'))).value).toBe(canary);
  });

  test('a hint makes the next read ask, for the folder that it names or for all', async () => {
    const { server } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.put(world.folder, 'OPENAI__1', 'sk-canary-2');
    store.hintChanged('/signalbox/organizations/another');
    expect((await store.read(address)).value).toBe(canary);
    store.hintChanged(world.folder);
    expect((await store.read(address)).value).toBe('sk-canary-2');
    server.put(world.folder, 'OPENAI__1', 'sk-canary-3');
    store.hintChanged();
    expect((await store.read(address)).value).toBe('sk-canary-3');
  });

  test('after a hint a slow answer is waited for: the old value may be one that was just revoked', async () => {
    const { server } = await start({ options: { patienceMs: 20 } });
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.put(world.folder, 'OPENAI__1', 'sk-canary-2');
    server.setFault({ kind: 'slow', delayMs: 200 }, ['list']);
    store.hintChanged();
    expect((await store.read(address)).value).toBe('sk-canary-2');
  });

  test('an answer that was under way when a secret was deleted is not kept', async () => {
    const { server } = await start();
    const store = world.openStore();
    const address = world.given();
    server.setFault({ kind: 'slow', delayMs: 100 }, ['list'], 1);
    server.setFault({ kind: 'html', status: 502 }, ['list']);
    const early = store.read(address);
    await waitUntil(() => server.count('list') === 1, { deadlineMs: 2_000, what: 'the first listing' });
    await store.delete(address);
    await early;
    expect((await failureOf(store.read(address))).reason).toBe('unavailable');
    server.clearFaults();
    expect((await failureOf(store.read(address))).reason).toBe('not_found');
  });

  test('a value that Infisical hides is a missing permission, never a key', async () => {
    const { server } = await start();
    const store = world.openStore();
    server.setFault({ kind: 'hidden_values' });
    const failure = await failureOf(store.read(world.given()));
    expect(failure.reason).toBe('denied');
    expect((await failureOf(store.write(world.address(), canary))).reason).toBe('denied');
  });

  test('a change that waits for approval is not taken for done', async () => {
    const { server } = await start();
    const store = world.openStore();
    const address = world.given();
    server.setFault({ kind: 'approval' }, ['create', 'update', 'delete']);
    for (const work of [() => store.write(world.address('OPENAI__2'), canary), () => store.delete(address)]) {
      const failure = await failureOf(work());
      expect(failure.reason).toBe('denied');
      expect(failure.message).toContain('approval');
    }
    expect(server.get(world.folder, 'OPENAI__1')).toBe(canary);
  });

  test('only so many folders are kept', async () => {
    const { server } = await start({ options: { maxFolders: 2 } });
    const store = world.openStore();
    const organizationIds = [newId('organization'), newId('organization'), newId('organization')];
    for (const id of organizationIds)
      server.put(`/signalbox/organizations/${id}/credentials`, 'OPENAI__1', id);
    const read = (id: string) => store.read({ organizationId: id, area: 'credentials', name: 'OPENAI__1' });
    for (const id of organizationIds) expect((await read(id)).value).toBe(id);
    server.forgetRequests();
    await read(organizationIds[2]!);
    await read(organizationIds[1]!);
    expect(server.count('list')).toBe(0);
    await read(organizationIds[0]!);
    expect(server.count('list')).toBe(1);
  });
});
