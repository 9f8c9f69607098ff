import { silentLogger } from '@signalbox/common';
import { OutboxDrainer, OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import { type QualityLookup, qualityLookup } from '@signalbox/domain/quality';
import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { DyingTransactions } from '../../../../../test/support/dying-transactions';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';
import { FactsRepository } from '../facts/facts.repository';
import { FactsService } from '../facts/facts.service';
import type { SyncSource } from '../merge/catalogue.types';

jest.setTimeout(60_000);

const never = new AbortController().signal;
/** Nothing listens there. */
const refusing = 'http://127.0.0.1:9/api/v1';
const gpt = 'openai/gpt-4o';
const sonnet = 'anthropic/claude-sonnet-4.5';
const sonnetOfLitellm = 'anthropic/claude-sonnet-4-5';
const llama = 'meta-llama/llama-3.3-70b-instruct';

describe('which sources of the catalogue are asked', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;
  let facts: FactsService;

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
    const { transactions } = database;
    const quality = { load: async () => qualityLookup(new Map()) };
    const projection = { projectFacts: async () => undefined };
    facts = new FactsService(
      transactions,
      new FactsRepository(),
      quality as Pick<QualityLookup, 'load'> as QualityLookup,
      projection as Pick<ProjectionService, 'projectFacts'> as unknown as ProjectionService,
      new OutboxDrainer(transactions, new OutboxRepository(), silentLogger),
      world.clock,
    );
    await world.use('openai', 'gpt-4o');
    await world.use('anthropic', 'claude-sonnet-4-5');
    await world.use('groq', 'llama-3.3-70b-versatile', llama);
  });
  beforeEach(async () => {
    await world.forget();
    world.openrouter.behave();
    world.openrouter.models = generateCatalogue({ count: 60 });
    world.litellm.reset();
    world.told.length = 0;
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  const only = (source: SyncSource) =>
    world.newRunner({
      asked: [source],
      ...(source === 'litellm' && { openrouterUrl: refusing }),
    });

  /** By what our deployments call. */
  async function knownPrices(): Promise<Record<string, unknown>> {
    await facts.refresh();
    const [document] = await world.query<{ deployments: Record<string, { prices?: unknown }> }>(
      'SELECT deployments FROM facts_documents',
    );
    const rows = await world.query<{ id: string; name: string }>(
      'SELECT id, upstream_model AS name FROM deployments',
    );
    return Object.fromEntries(rows.map(({ id, name }) => [name, document?.deployments[id]?.prices]));
  }

  const vanished = async (): Promise<unknown[]> =>
    (await world.query(`SELECT id FROM catalogue_entries WHERE status = 'vanished'`)).map(({ id }) => id);

  describe("LiteLLM's alone, where there is no way to OpenRouter", () => {
    it('gives prices to what is used, from nothing', async () => {
      const sync = await world.sync(only('litellm'));
      expect(sync).toMatchObject({ state: 'completed', step: 'done', problem: null });
      expect(sync.progress).toMatchObject({ sources: ['litellm'], litellm_version: '1.103.1' });
      expect(await knownPrices()).toMatchObject({
        'gpt-4o': { input: 2_500_000 },
        'claude-sonnet-4-5': { input: 3_000_000, output: 15_000_000 },
        'llama-3.3-70b-versatile': { input: 590_000 },
      });
    });

    it('is followed by both without anything vanishing, and the next one writes nothing', async () => {
      await world.sync(only('litellm'));
      world.told.length = 0;
      const sync = await world.sync();
      expect(sync).toMatchObject({ state: 'completed', counts: { vanished: 0, held: 0 } });
      expect(sync.progress).toMatchObject({ sources: ['openrouter', 'litellm'] });
      expect(await vanished()).toEqual([]);
      expect(world.told).toEqual([]);
      const before = await world.written();
      expect((await world.sync()).counts).toMatchObject({ added: 0, changed: 0, prices: 0, vanished: 0 });
      expect(await world.written()).toBe(before);
    });

    it('has its models take the names that OpenRouter gives them, with what belongs to them', async () => {
      await world.sync(only('litellm'));
      const prices = () =>
        world.query(
          'SELECT id, effective_from, effective_to FROM catalogue_prices WHERE entry_id = ANY($1) AND provider = $2',
          [[sonnet, sonnetOfLitellm], 'anthropic'],
        );
      const old = await prices();
      expect(old).toHaveLength(1);
      await world.query(`UPDATE catalogue_entries SET replacement_id = $1 WHERE id = $2`, [
        sonnetOfLitellm,
        gpt,
      ]);
      await world.query(
        `UPDATE catalogue_entries SET fields = fields || '{"region": "eu"}',
           provenance = provenance || '{"region": {"source": "manual", "at": "2026-01-01"}}' WHERE id = $1`,
        [sonnetOfLitellm],
      );
      await world.sync();
      expect(await prices()).toEqual(old);
      expect(await world.entry(sonnet)).toMatchObject({
        status: 'active',
        fields: { region: 'eu', upstream_names: { anthropic: 'claude-sonnet-4-5' } },
        provenance: { name: { source: 'openrouter' } },
      });
      await expect(world.entry(sonnetOfLitellm)).rejects.toThrow('has no');
      expect(await world.entry(gpt)).toMatchObject({ replacement_id: sonnet });
      expect(await knownPrices()).toMatchObject({ 'claude-sonnet-4-5': { input: 3_000_000 } });
    });

    it('brings a change that waits along, and what it waits for is asked of nobody twice', async () => {
      world.litellm.entries['claude-sonnet-4-5']!['input_cost_per_token'] = '3';
      await world.sync(only('litellm'));
      expect(await world.waiting()).toMatchObject([{ entry_id: sonnetOfLitellm, anomaly: 'unit_error' }]);
      await world.sync();
      expect(await world.waiting()).toMatchObject([{ entry_id: sonnet, anomaly: 'unit_error' }]);
    });

    it('leaves all that OpenRouter said before in force', async () => {
      await world.sync();
      const before = await world.written();
      expect(await world.sync(only('litellm'))).toMatchObject({
        state: 'completed',
        counts: { added: 0, changed: 0, prices: 0, held: 0, vanished: 0 },
      });
      expect(await world.written()).toBe(before);
    });

    it('changes what LiteLLM says otherwise, and no price of OpenRouter', async () => {
      await world.sync();
      const [ofOpenrouter, ofEndpoint] = [
        await world.price(llama, 'openrouter'),
        await world.price(llama, 'together'),
      ];
      world.litellm.entries['gpt-4o']!['input_cost_per_token'] = '2e-06';
      delete world.litellm.entries['claude-sonnet-4-5'];
      // OpenRouter's endpoint has a price for it, and the map none.
      world.litellm.entries['together_ai/meta-llama/llama-3.3-70b-instruct'] = {
        litellm_provider: 'together_ai',
        mode: 'chat',
      };
      const sync = await world.sync(only('litellm'));
      expect(sync.counts).toMatchObject({ held: 0, vanished: 0, prices: 1 });
      expect(await world.price(gpt, 'openai')).toMatchObject({ input: '0.000002' });
      expect(await world.price(sonnet, 'anthropic')).toBeNull();
      expect(await world.entry(sonnet)).toMatchObject({ status: 'active' });
      expect(await world.price(llama, 'openrouter')).toEqual(ofOpenrouter);
      expect(await world.price(llama, 'together')).toEqual(ofEndpoint);
    });

    it('leaves waiting what waits for a person because of OpenRouter', async () => {
      await world.sync();
      const all = world.openrouter.models;
      world.openrouter.models = all.slice(0, 40);
      Object.assign(world.openrouter.model(llama).pricing, { prompt: '0.1' });
      await world.sync();
      const waiting = await world.waiting();
      expect(new Set(waiting.map(({ anomaly }) => anomaly))).toEqual(
        new Set(['mass_vanishing', 'unit_error']),
      );
      await world.sync(only('litellm'));
      expect(await world.waiting()).toEqual(waiting);
    });
  });

  describe("OpenRouter's alone", () => {
    it('leaves all that LiteLLM said before in force', async () => {
      await world.sync();
      const before = await world.written();
      world.litellm.status = 500;
      expect(await world.sync(only('openrouter'))).toMatchObject({
        state: 'completed',
        counts: { added: 0, changed: 0, prices: 0, held: 0, vanished: 0 },
        progress: { sources: ['openrouter'] },
      });
      expect(await world.written()).toBe(before);
    });

    it('still sees what OpenRouter has no more, and keeps the prices of LiteLLM beside those of endpoints', async () => {
      await world.sync();
      const price = await world.price(gpt, 'openai');
      world.openrouter.models = world.openrouter.models.filter(({ id }) => id !== llama);
      Object.assign(world.openrouter.model(gpt).pricing, { prompt: '0.000003' });
      expect((await world.sync(only('openrouter'))).counts).toMatchObject({ vanished: 1, held: 0 });
      expect(await vanished()).toEqual([llama]);
      expect(await world.price(gpt, 'openai')).toEqual(price);
      expect(await world.price(gpt, 'openrouter')).toMatchObject({ input: '0.000003' });
    });

    it('needs no price map for a first catalogue', async () => {
      world.litellm.status = 500;
      expect(await world.sync(only('openrouter'))).toMatchObject({ state: 'completed' });
      expect(await world.price(gpt, 'openrouter')).not.toBeNull();
    });
  });

  describe('a sync that began under other settings', () => {
    it('goes on at once when the source that it waits for is left out', async () => {
      const waiting = await world.sync(world.newRunner({ openrouterUrl: refusing }));
      expect(waiting).toMatchObject({ state: 'running', step: 'fetch_models' });
      expect(waiting.problem).toMatch(
        /^OpenRouter: The server cannot be reached.*SIGNALBOX_CATALOGUE_SOURCES=litellm/,
      );
      expect(await only('litellm').advance(never)).toBe('completed');
      expect(await world.latest()).toMatchObject({ id: waiting.id, state: 'completed', problem: null });
    });

    const sets: SyncSource[][] = [['openrouter', 'litellm'], ['litellm'], ['openrouter']];
    const changes = sets.flatMap((first) =>
      sets.filter((then) => then !== first).map((then): [SyncSource[], SyncSource[]] => [first, then]),
    );

    it.each(changes)('%j, then %j: ends well wherever it was, and nothing is lost', async (first, then) => {
      world.openrouter.maxPageSize = 25;
      await world.sync();
      const expected = await world.content();
      const before = await world.written();
      for (let at = 3; ; at += 1) {
        await world.service.start(world.operator);
        const dying = new DyingTransactions(database.dataSource, at);
        const runner = world.newRunner({ asked: first, transactions: dying });
        const ended = await runner.advance(never).catch(() => 'killed');
        if (ended === 'killed')
          expect(await world.newRunner({ asked: then }).advance(never)).toBe('completed');
        const sync = await world.latest();
        expect(sync).toMatchObject({ state: 'completed', counts: { vanished: 0, held: 0 } });
        expect(sync.progress['sources']).not.toEqual([]);
        expect(await world.written()).toBe(before);
        if (ended === 'completed') break;
        expect(at).toBeLessThan(40);
      }
      expect(await world.content()).toBe(expected);
    });
  });
});
