import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { DyingTransactions } from '../../../../../test/support/dying-transactions';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';
import { generatePriceMap } from '../../../../../test/stand-ins/litellm-prices.stand-in';
import type { CatalogueFault } from '../../../../../test/stand-ins/openrouter-catalogue.stand-in';

const never = new AbortController().signal;
const llama = 'meta-llama/llama-3.3-70b-instruct';

describe('a sync of the catalogue that meets with trouble', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
    await world.use('openai', 'gpt-4o');
    await world.use('groq', 'llama-3.3-70b-versatile', llama);
    await world.use('openrouter', 'anthropic/claude-sonnet-4.5');
  });
  beforeEach(() => {
    world.openrouter.behave();
    world.openrouter.models = generateCatalogue({ count: 60 });
    world.litellm.reset();
    world.pausesMs.length = 0;
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  describe('with a good catalogue in force', () => {
    beforeEach(async () => {
      await world.forget();
      expect(await world.sync()).toMatchObject({ state: 'completed' });
    });

    const faults: [string, CatalogueFault, RegExp][] = [
      ['500', { kind: 'status', status: 500 }, /answered 500/],
      ['an error in a 200', { kind: 'error_in_200' }, /answered 502/],
      ['HTML', { kind: 'html' }, /HTML/],
      ['half a JSON', { kind: 'truncated' }, /no valid JSON/],
      ['a broken connection', { kind: 'cut' }, /before its answer was complete/],
      ['a reset', { kind: 'reset' }, /OpenRouter: /],
      ['another form', { kind: 'body', body: { data: 'soon' } }, /another form/],
      ['no models', { kind: 'body', body: { data: [], total_count: 0 } }, /no model that could be read/],
      [
        'a list that is not the whole',
        { kind: 'body', body: { data: [], total_count: 60 } },
        /no model|of 60/,
      ],
      [
        'models of another form',
        { kind: 'body', body: { data: [{ id: 'a/b' }, { id: 'c/d' }, { slug: 'e/f' }] } },
        /no model/,
      ],
    ];

    it.each(faults)('keeps it, says why and tries later: %s', async (_what, fault, problem) => {
      const before = await world.written();
      world.openrouter.model(llama).name = 'never seen';
      world.openrouter.misbehave(fault, { path: /\/models\?/ });
      const sync = await world.sync();
      expect(sync).toMatchObject({ state: 'running', step: 'fetch_models', progress: { attempts: 1 } });
      expect(sync.problem).toMatch(problem);
      expect(sync.nextAttemptAt).toEqual(new Date(world.clock.nowMs() + 10_000));
      expect(await world.runner.advance(never)).toBe('waiting');
      expect(await world.written()).toBe(before);
      world.openrouter.behave();
      world.clock.advanceMs(10_000);
      expect(await world.runner.advance(never)).toBe('completed');
      expect(await world.latest()).toMatchObject({ state: 'completed', problem: null });
      expect(await world.entry(llama)).toMatchObject({ name: 'never seen' });
    });

    it.each<[string, () => void, RegExp]>([
      ['500', () => (world.litellm.status = 500), /the runner answered 500/],
      ['401', () => (world.litellm.status = 401), /the runner answered 401/],
      ['no gzip and no JSON', () => (world.litellm.body = Buffer.from('<html>')), /HTML/],
      ['half an archive', () => (world.litellm.body = Buffer.from([0x1f, 0x8b, 8, 0, 1])), /unpacked/],
      ['another form', () => (world.litellm.body = Buffer.from('{"entries": []}')), /another form/],
      ['nearly nothing', () => (world.litellm.entries = { a: {} }), /only 1 entries/],
      [
        'entries of another form',
        () => {
          for (const entry of Object.values(world.litellm.entries)) delete entry['litellm_provider'];
        },
        /could not be read/,
      ],
    ])('keeps it when the price map is no good: %s', async (_what, breakIt, problem) => {
      const before = await world.written();
      breakIt();
      const sync = await world.sync();
      expect(sync).toMatchObject({ state: 'running', step: 'fetch_litellm_prices' });
      expect(sync.problem).toMatch(problem);
      expect(await world.written()).toBe(before);
    });

    it('skips an entry of the price map that cannot be read, and counts it', async () => {
      world.litellm.entries['broken'] = { mode: 'chat' };
      expect(await world.sync()).toMatchObject({ state: 'completed', counts: { malformed: 1 } });
    });

    it('gives up after six attempts, with the reason, and lets the next sync begin anew', async () => {
      const before = await world.written();
      world.openrouter.misbehave({ kind: 'status', status: 503 });
      await world.sync();
      const outcomes: string[] = [];
      for (const delayMs of [10_000, 30_000, 120_000, 600_000, 1_800_000]) {
        world.clock.advanceMs(delayMs);
        outcomes.push(await world.runner.advance(never));
      }
      expect(outcomes).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'failed']);
      expect(await world.latest()).toMatchObject({ state: 'failed', problem: 'OpenRouter answered 503.' });
      expect(await world.query('SELECT count(*)::int AS rows FROM catalogue_staged')).toEqual([{ rows: 0 }]);
      expect(await world.written()).toBe(before);
      world.openrouter.behave();
      expect(await world.sync()).toMatchObject({ state: 'completed' });
    });

    it('waits as long as a rate limit asks for: a short one at once, a long one between two rounds', async () => {
      world.openrouter.misbehave({ kind: 'rate_limit', retryAfterSeconds: 3 }, { times: 1 });
      expect(await world.sync()).toMatchObject({ state: 'completed' });
      expect(world.pausesMs).toEqual([3_000]);
      world.openrouter.misbehave(
        { kind: 'rate_limit', retryAfterSeconds: 900 },
        { path: /endpoints/, times: 1 },
      );
      const sync = await world.sync();
      expect(sync).toMatchObject({ step: 'fetch_endpoints', problem: 'OpenRouter answered 429.' });
      expect(sync.nextAttemptAt).toEqual(new Date(world.clock.nowMs() + 900_000));
    });

    it('gives up a request that takes too long or is too large', async () => {
      world.openrouter.misbehave({ kind: 'slow', ms: 400 });
      await world.service.start(world.operator);
      await world.newRunner({ timeoutMs: 100 }).advance(never);
      expect((await world.latest()).problem).toContain('did not answer in time');
      world.openrouter.behave();
      world.openrouter.misbehave({ kind: 'too_large', bytes: 33 * 1024 * 1024 });
      world.clock.advanceMs(10_000);
      await world.newRunner({ timeoutMs: 5_000 }).advance(never);
      expect((await world.latest()).problem).toContain('too large');
    });

    it('does not take a model for one that is gone while one without an id cannot be read', async () => {
      world.openrouter.models = world.openrouter.models.filter(({ id }) => id !== llama);
      world.openrouter.models.push({ name: 'nameless' } as never);
      expect(await world.sync()).toMatchObject({
        state: 'completed',
        counts: { malformed: 1, vanished: 0 },
      });
    });
  });

  describe('from nothing', () => {
    beforeEach(() => world.forget());

    it('comes to the same catalogue at whatever transaction it is killed', async () => {
      world.openrouter.maxPageSize = 25;
      world.litellm.entries = generatePriceMap(230);
      const whole = new DyingTransactions(database.dataSource, 1_000);
      await world.service.start(world.operator);
      await world.newRunner({ transactions: whole }).advance(never);
      const expected = await world.content();
      const count = 1_000 - whole.left;
      expect(count).toBeGreaterThan(15);
      for (let at = 1; at <= count; at += 1) {
        await world.forget();
        await world.service.start(world.operator);
        const dying = new DyingTransactions(database.dataSource, at - 1);
        await expect(world.newRunner({ transactions: dying }).advance(never)).rejects.toThrow();
        await world.runner.advance(never);
        expect(await world.content()).toBe(expected);
      }
    });

    it('asks for no page and no endpoint twice when it goes on', async () => {
      world.openrouter.misbehave({ kind: 'status', status: 500 }, { path: /gpt-4o\/endpoints/, times: 3 });
      await world.sync();
      world.openrouter.requests.length = 0;
      world.clock.advanceMs(10_000);
      expect(await world.runner.advance(never)).toBe('completed');
      expect(world.openrouter.requests).toEqual(['/api/v1/models/openai/gpt-4o/endpoints']);
    });

    it.each([
      ['pages with a total', { knowsPages: true, saysTotal: true, maxPageSize: 25 }],
      ['pages without a total', { knowsPages: true, saysTotal: false, maxPageSize: 25 }],
      ['no pages, with a total', { knowsPages: false, saysTotal: true, maxPageSize: 1_000 }],
      ['no pages, without a total', { knowsPages: false, saysTotal: false, maxPageSize: 1_000 }],
    ])('reads all models from a server that has %s', async (_what, server) => {
      Object.assign(world.openrouter, server);
      expect(await world.sync()).toMatchObject({ state: 'completed' });
      const [row] = await world.query(
        `SELECT count(*)::int AS models FROM catalogue_entries WHERE provenance->'name'->>'source' = 'openrouter'`,
      );
      expect(row).toEqual({ models: 60 });
    });

    it('lets one sync run at a time', async () => {
      world.openrouter.misbehave({ kind: 'slow', ms: 100 }, { path: /\/models\?/, times: 1 });
      await world.service.start(world.operator);
      await expect(world.service.start(world.operator)).rejects.toMatchObject({
        code: 'catalogue_sync_in_progress',
      });
      const outcomes = await Promise.all([world.runner.advance(never), world.newRunner().advance(never)]);
      expect(outcomes.sort()).toEqual(['busy', 'completed']);
    });

    it('tries again at once when somebody asks for it while it waits after a failure', async () => {
      world.openrouter.misbehave({ kind: 'status', status: 500 }, { path: /\/models\?/ });
      const waiting = await world.sync();
      expect(await world.runner.advance(never)).toBe('waiting');
      world.openrouter.behave();
      const asked = await world.service.start(world.operator);
      expect(asked).toMatchObject({ id: waiting.id, nextAttemptAt: null, progress: { attempts: 1 } });
      await expect(world.service.start(world.operator)).rejects.toMatchObject({
        code: 'catalogue_sync_in_progress',
      });
      expect(await world.runner.advance(never)).toBe('completed');
    });

    it('begins by itself once a day, and up to an hour later', async () => {
      const dayMs = 24 * 3_600_000;
      expect(await world.runner.advance(never)).toBe('completed');
      expect(await world.latest()).toMatchObject({ trigger: 'schedule' });
      world.clock.advanceMs(dayMs - 1);
      expect(await world.runner.advance(never)).toBe('idle');
      world.clock.advanceMs(3_600_001);
      expect(await world.runner.advance(never)).toBe('completed');
    });

    it('ends soon when the worker ends, and goes on later', async () => {
      const ending = new AbortController();
      ending.abort();
      await world.service.start(world.operator);
      expect(await world.runner.advance(ending.signal)).toBe('stopped');
      expect(await world.latest()).toMatchObject({ state: 'running', progress: {} });
      expect(await world.runner.advance(never)).toBe('completed');
    });

    it('asks for four endpoints at a time, and says how far it is', async () => {
      for (const { id } of world.openrouter.models.slice(10, 55)) await world.use('openrouter', id);
      world.openrouter.misbehave({ kind: 'slow', ms: 5 }, { path: /endpoints/ });
      await world.service.start(world.operator);
      const dying = new DyingTransactions(database.dataSource, 6);
      await expect(world.newRunner({ transactions: dying }).advance(never)).rejects.toThrow();
      expect(await world.latest()).toMatchObject({
        step: 'fetch_endpoints',
        progress: { done: 40, total: 48 },
      });
      expect(world.openrouter.mostAtOnce).toBe(4);
    });
  });
});
