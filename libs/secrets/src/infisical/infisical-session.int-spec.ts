import {
  canary,
  failureOf,
  InfisicalWorld,
  type WorldSettings,
} from '../../../../test/support/infisical-world';
import { waitUntil } from '../../../../test/support/wait-until';

const ttlMs = 3_600_000;
const loginPauseMs = 300_000 * 1.2;

describe.each(['2024', 'newer'] as const)('our identity at Infisical (%s)', (dialect) => {
  let world: InfisicalWorld;
  const start = async (settings: WorldSettings = {}): Promise<InfisicalWorld> => {
    world = await InfisicalWorld.start({ dialect, ...settings });
    return world;
  };

  afterEach(() => world.close());

  test('logs in once for calls that come together', async () => {
    const { server } = await start();
    const store = world.openStore();
    await Promise.all([store.check(), store.organizations(), store.list(null, 'credentials'), store.check()]);
    expect(server.count('login')).toBe(1);
  });

  test('gets a new token at three quarters of its life, in the background, and never renews', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    await store.check();
    clock.advanceMs(ttlMs * 0.74);
    await store.check();
    expect(server.count('login')).toBe(1);
    clock.advanceMs(ttlMs * 0.02);
    server.setFault({ kind: 'slow', delayMs: 200 }, ['login']);
    await store.check();
    await waitUntil(() => server.count('login') === 2, { deadlineMs: 2_000, what: 'the second login' });
    server.clearFaults();
    clock.advanceMs(ttlMs * 0.5);
    await waitUntil(() => store.check().then(() => true), {
      deadlineMs: 2_000,
      what: 'the new token in use',
    });
    expect(server.count('login')).toBe(2);
    expect(server.count('renew')).toBe(0);
  });

  test('works on for hours, although every token ends after one', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    for (let hour = 0; hour < 5; hour += 1) {
      expect((await store.read(address)).value).toBe(canary);
      clock.advanceMs(ttlMs * 1.1);
    }
    expect(server.count('login')).toBe(5);
  });

  test('a token that ended early costs one login, and no failure', async () => {
    const { server } = await start();
    const store = world.openStore();
    await store.check();
    server.identity.revokeAll();
    server.forgetRequests();
    await Promise.all([store.check(), store.check(), store.check(), store.check()]);
    expect(server.count('login')).toBe(1);
  });

  test('a permission that is missing is told at once, and costs no login per call', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.isForbidden = () => true;
    server.forgetRequests();
    clock.advanceMs(61_000);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect((await failureOf(store.read(address))).reason).toBe('denied');
    }
    expect((await failureOf(store.write(address, 'sk-canary-other'))).reason).toBe('denied');
    expect(server.count('login')).toBe(1);
    expect(server.count('list')).toBe(2);
  });

  test('a permission that is given back is used without a restart', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    server.isForbidden = () => true;
    expect((await failureOf(store.read(address))).reason).toBe('denied');
    server.isForbidden = () => false;
    clock.advanceMs(15_001);
    expect((await store.read(address)).value).toBe(canary);
  });

  test('wrong credentials are tried once, not until the identity is locked', async () => {
    const { server, clock } = await start();
    const store = world.openStore({ clientSecret: 'infisical-client-wrong' });
    const address = world.given();
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const failure = await failureOf(attempt % 2 ? store.read(address) : store.check());
      expect(failure.reason).toBe('denied');
      expect(failure.message).toContain('INFISICAL_CLIENT_SECRET');
      clock.advanceMs(1_000);
    }
    expect(server.count('login')).toBe(1);
    expect(server.identity.isLocked).toBe(false);
  });

  test('credentials that are put right on the server are used after the pause, without a restart', async () => {
    const { server, clock } = await start();
    const store = world.openStore({ clientSecret: 'infisical-client-new' });
    await failureOf(store.check());
    server.identity.settings.clientSecret = 'infisical-client-new';
    await failureOf(store.check());
    clock.advanceMs(loginPauseMs);
    await expect(store.check()).resolves.toBeUndefined();
  });

  test('an identity that others locked is found open again after the lock', async () => {
    const { server, clock } = await start();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      server.identity.logIn({ clientId: 'client-1', clientSecret: 'guess' }, undefined);
    }
    const store = world.openStore();
    expect((await failureOf(store.check())).reason).toBe('denied');
    clock.advanceMs(loginPauseMs);
    await expect(store.check()).resolves.toBeUndefined();
    expect(server.count('login')).toBe(2);
  });

  test('a token that still works is used while no new one is given', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    await store.check();
    server.identity.settings.clientSecret = 'infisical-client-changed';
    clock.advanceMs(ttlMs * 0.8);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(store.check()).resolves.toBeUndefined();
      clock.advanceMs(1_000);
    }
    await waitUntil(() => server.count('login') === 2, { deadlineMs: 2_000, what: 'the refused login' });
    clock.advanceMs(ttlMs * 0.2);
    expect((await failureOf(store.check())).reason).toBe('denied');
  });

  test('a login that is answered by something else than Infisical is no refusal', async () => {
    const { server } = await start();
    const store = world.openStore();
    for (const status of [200, 404, 502]) {
      server.setFault({ kind: 'html', status }, ['login'], 1);
      expect((await failureOf(store.check())).reason).toBe('unavailable');
    }
    await expect(store.check()).resolves.toBeUndefined();
  });

  test('the token is given back when the store is closed, and nothing is answered any more', async () => {
    const { server } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    await store.close();
    expect(server.identity.liveTokens).toBe(0);
    expect((await failureOf(store.read(address))).reason).toBe('unavailable');
  });
});
