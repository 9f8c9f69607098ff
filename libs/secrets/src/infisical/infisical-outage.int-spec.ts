import {
  canary,
  failureOf,
  InfisicalWorld,
  shortTimes,
  type WorldSettings,
} from '../../../../test/support/infisical-world';
import { waitUntil } from '../../../../test/support/wait-until';
import type { InfisicalFault } from '../../../../test/stand-ins/infisical.stand-in';

const minuteMs = 60_000;

describe('Infisical out of order', () => {
  let world: InfisicalWorld;
  const start = async (settings: WorldSettings = {}): Promise<InfisicalWorld> => {
    world = await InfisicalWorld.start({ ...settings, options: { ...shortTimes, ...settings.options } });
    return world;
  };

  afterEach(() => world.close());

  test('away for ten minutes: known keys go on, saving says so and loses nothing, and it comes back by itself', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    await server.goAway();
    for (let minute = 1; minute <= 10; minute += 1) {
      clock.advanceMs(minuteMs);
      expect(await store.read(address)).toMatchObject({ value: canary, ageMs: minute * minuteMs });
    }
    expect((await failureOf(store.write(world.address('OPENAI__2'), canary))).reason).toBe('unavailable');
    // A name that is not in the old answer may be there by now.
    expect((await failureOf(store.read(world.address('OPENAI__3')))).reason).toBe('unavailable');
    server.put(world.folder, 'OPENAI__1', 'sk-canary-rotated');
    await server.comeBack();
    clock.advanceMs(minuteMs);
    expect(await store.read(address)).toMatchObject({ value: 'sk-canary-rotated', ageMs: 0 });
    await store.write(world.address('OPENAI__2'), canary);
    expect((await store.read(world.address('OPENAI__2'))).value).toBe(canary);
  });

  test('the last known good is served no longer than allowed', async () => {
    const { server, clock } = await start({ maxStaleMs: 15 * minuteMs });
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    await server.goAway();
    clock.advanceMs(15 * minuteMs);
    expect((await store.read(address)).value).toBe(canary);
    clock.advanceMs(1);
    expect((await failureOf(store.read(address))).reason).toBe('unavailable');
  });

  const faults: [string, InfisicalFault][] = [
    ['no headers', { kind: 'hang' }],
    ['half a body', { kind: 'hang_in_body' }],
    ['reset connections', { kind: 'reset' }],
    ['500', { kind: 'status', status: 500 }],
    ['502 of a proxy', { kind: 'html', status: 502 }],
    ['404 of a proxy', { kind: 'html', status: 404 }],
    ['a sign-on page with 200', { kind: 'html', status: 200 }],
    ['429', { kind: 'status', status: 429, retryAfterSeconds: 5 }],
  ];

  test.each(faults)('%s: what is known is served, what is not is unavailable', async (_what, fault) => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.setFault(fault);
    clock.advanceMs(2 * minuteMs);
    expect(await store.read(address)).toMatchObject({ value: canary, ageMs: 2 * minuteMs });
    expect((await failureOf(store.read({ ...address, organizationId: null }))).reason).toBe('unavailable');
    expect((await failureOf(store.list(world.organizationId, 'credentials'))).reason).toBe('unavailable');
    expect((await failureOf(store.write(address, 'sk-canary-2'))).reason).toBe('unavailable');
    expect((await failureOf(store.check())).reason).toBe('unavailable');
    server.clearFaults();
    clock.advanceMs(2 * minuteMs);
    expect(await store.read(address)).toMatchObject({ value: canary, ageMs: 0 });
  });

  test('a deleted secret is not served out of the cache, nor one that we may not see any more', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const gone = world.given('OPENAI__1');
    const hidden = world.given('OPENAI__2');
    await store.read(gone);
    server.remove(world.folder, 'OPENAI__1');
    server.setFault({ kind: 'hidden_values' }, ['list']);
    clock.advanceMs(minuteMs);
    expect((await failureOf(store.read(gone))).reason).toBe('not_found');
    expect((await failureOf(store.read(hidden))).reason).toBe('denied');
    await server.goAway();
    clock.advanceMs(minuteMs);
    expect((await failureOf(store.read(gone))).reason).toBe('unavailable');
    expect((await failureOf(store.read(hidden))).reason).toBe('denied');
  });

  test('what we deleted ourselves does not come back while Infisical is away', async () => {
    const { server } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.setFault({ kind: 'hang' });
    expect((await failureOf(store.delete(address))).reason).toBe('unavailable');
    expect((await failureOf(store.read(address))).reason).toBe('unavailable');
  });

  test('after a refusal nothing old is served, also when Infisical then goes away', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.isForbidden = () => true;
    clock.advanceMs(minuteMs);
    expect((await failureOf(store.read(address))).reason).toBe('denied');
    await server.goAway();
    clock.advanceMs(minuteMs);
    expect((await failureOf(store.read(address))).reason).toBe('unavailable');
  });

  test('slow answers: the old value at once, the new one when it is there', async () => {
    const { server, clock } = await start({ options: { patienceMs: 50, readTimeoutMs: 5_000 } });
    const store = world.openStore();
    const address = world.given();
    await store.read(address);
    server.put(world.folder, 'OPENAI__1', 'sk-canary-new');
    server.setFault({ kind: 'slow', delayMs: 400 }, ['list']);
    clock.advanceMs(minuteMs);
    expect((await store.read(address)).value).toBe(canary);
    await waitUntil(async () => (await store.read(address)).value === 'sk-canary-new', {
      deadlineMs: 4_000,
      what: 'the slow answer',
    });
    expect(server.count('list')).toBe(2);
  });

  test('after five calls without an answer nobody asks any more, until one call has tried', async () => {
    const { server, clock } = await start({ options: { readTimeoutMs: 400 } });
    const store = world.openStore();
    await store.check();
    server.setFault({ kind: 'hang' });
    for (let call = 0; call < 5; call += 1) await failureOf(store.check());
    server.forgetRequests();
    const failures = await Promise.all(Array.from({ length: 50 }, () => failureOf(store.check())));
    expect(failures.every((failure) => failure.reason === 'unavailable')).toBe(true);
    expect(failures[0]?.retryAfterMs).toBe(10_000);
    expect(server.count()).toBe(0);
    clock.advanceMs(10_000);
    await Promise.all(Array.from({ length: 20 }, () => failureOf(store.check())));
    expect(server.count()).toBe(1);
    server.clearFaults();
    clock.advanceMs(20_000);
    await expect(store.check()).resolves.toBeUndefined();
    await Promise.all([store.check(), store.check()]);
  });

  test('429: nobody asks again before the time that Infisical named', async () => {
    const { server, clock } = await start({ options: { readTimeoutMs: 600 } });
    const store = world.openStore();
    await store.check();
    server.setFault({ kind: 'status', status: 429, retryAfterSeconds: 35 }, [], 1);
    server.setFault({ kind: 'hang' }, ['folder_list']);
    await failureOf(store.check());
    server.clearFaults();
    server.forgetRequests();
    clock.advanceMs(34_000);
    const failure = await failureOf(store.check());
    expect(failure).toMatchObject({ reason: 'unavailable', retryAfterMs: 1_000 });
    expect(server.count('folder_list')).toBeLessThanOrEqual(1);
    clock.advanceMs(1_000);
    await expect(store.check()).resolves.toBeUndefined();
  });

  test('429 of a login holds everybody back, too', async () => {
    const { server, clock } = await start();
    const store = world.openStore();
    server.setFault({ kind: 'status', status: 429, retryAfterSeconds: 35 }, ['login']);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await failureOf(store.check())).reason).toBe('unavailable');
    }
    expect(server.count('login')).toBe(1);
    server.clearFaults();
    clock.advanceMs(35_000);
    await expect(store.check()).resolves.toBeUndefined();
  });

  test('no more calls than allowed are under way together', async () => {
    const { server } = await start({ options: { readTimeoutMs: 5_000, maxConcurrentCalls: 3 } });
    const store = world.openStore();
    await store.check();
    server.forgetRequests();
    server.setFault({ kind: 'slow', delayMs: 20 });
    await Promise.all(Array.from({ length: 30 }, () => store.check()));
    expect(server.count('folder_list')).toBe(30);
    expect(server.mostAtOnce).toBe(3);
  });

  test('calls beyond those that may wait are refused at once', async () => {
    const { server } = await start({ options: { maxConcurrentCalls: 1, maxWaitingCalls: 2 } });
    const store = world.openStore();
    await store.check();
    server.setFault({ kind: 'slow', delayMs: 50 });
    const calls = Array.from({ length: 5 }, () =>
      store.check().then(
        () => 'done',
        () => 'refused',
      ),
    );
    expect((await Promise.all(calls)).sort()).toEqual(['done', 'done', 'done', 'refused', 'refused']);
  });
});

describe.each(['2024', 'newer'] as const)('a write whose answer is lost (%s)', (dialect) => {
  let world: InfisicalWorld;
  afterEach(() => world.close());

  test('is found to have worked, and is not done twice', async () => {
    world = await InfisicalWorld.start({ dialect, options: { writeTimeoutMs: 6_000 } });
    const store = world.openStore();
    world.server.makeFolder(world.folder);
    world.server.setFault({ kind: 'lost_answer' }, ['create'], 1);
    await store.write(world.address(), canary);
    expect(world.server.count('create')).toBe(2);
    expect(world.server.count('update')).toBe(0);
    expect((await store.read(world.address())).value).toBe(canary);
  });

  test('and which the caller does again after the failure ends with one secret of that value', async () => {
    // Shorter than the pause of 0.8 s and more after which the SDK tries again.
    world = await InfisicalWorld.start({ dialect, options: { ...shortTimes, writeTimeoutMs: 500 } });
    const store = world.openStore();
    world.server.makeFolder(world.folder);
    world.server.setFault({ kind: 'lost_answer' }, ['create'], 1);
    expect((await failureOf(store.write(world.address(), canary))).reason).toBe('unavailable');
    await store.write(world.address(), canary);
    expect(world.server.count('update')).toBe(0);
    expect(world.server.names(world.folder)).toEqual(['OPENAI__1']);
  });
});
