import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';

describe('changes of the catalogue that look wrong', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;
  const gpt = 'openai/gpt-4o';
  const llama = 'meta-llama/llama-3.3-70b-instruct';

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
  });
  beforeEach(async () => {
    await world.forget();
    world.openrouter.behave();
    world.openrouter.models = generateCatalogue({ count: 60 });
    world.litellm.reset();
    expect(await world.sync()).toMatchObject({ state: 'completed', counts: { held: 0 } });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  const ask = (id: string, pricing: Record<string, unknown>): void => {
    Object.assign(world.openrouter.model(id).pricing, pricing);
  };

  it.each([
    ['price_jump', 'ten times as dear', { completion: '0.0000032' }],
    ['price_jump', 'a tenth as dear', { prompt: '0.00000001' }],
    ['price_jump', 'a price under a condition would not hide it', { prompt: '0.000001', overrides: [] }],
    ['price_zero', 'free all at once', { prompt: '0', completion: '0' }],
    ['price_zero', 'an answer that costs nothing', { completion: '0.000000' }],
    ['price_negative', 'minus one', { prompt: '-1', completion: '-1' }],
    ['price_negative', 'below zero', { completion: '-0.00000032' }],
    ['unit_error', 'dollars per million tokens', { prompt: '0.1', completion: '0.32' }],
    [
      'unit_error',
      'the same under a condition',
      { overrides: [{ min_prompt_tokens: 200_000, prompt: '0.2' }] },
    ],
    ['malformed', 'no number', { prompt: 'free!' }],
    ['malformed', 'a number beyond all prices', { prompt: '1e999' }],
    ['malformed', 'no price any more', { prompt: null, completion: null }],
  ])('holds %s (%s), keeps the old price, and applies the rest', async (anomaly, _what, pricing) => {
    const before = await world.price(llama, 'openrouter');
    ask(llama, pricing);
    world.openrouter.model(llama).name = 'Llama, renamed';
    ask(gpt, { prompt: '0.000003' });
    const sync = await world.sync();
    expect(sync).toMatchObject({ state: 'completed', counts: { held: 1, changed: 2, prices: 1 } });
    expect(await world.waiting()).toMatchObject([{ entry_id: llama, provider: 'openrouter', anomaly }]);
    expect(await world.price(llama, 'openrouter')).toEqual(before);
    expect(await world.entry(llama)).toMatchObject({ name: 'Llama, renamed' });
    expect(await world.price(gpt, 'openrouter')).toMatchObject({ input: '0.000003' });
  });

  it.each([
    ['nine times as dear', { completion: '0.00000288' }],
    ['a little above a tenth', { prompt: '0.0000000101' }],
    ['a new component', { input_cache_read: '0.00000005' }],
  ])('applies what is %s', async (_what, pricing) => {
    ask(llama, pricing);
    expect((await world.sync()).counts).toMatchObject({ held: 0, prices: 1 });
  });

  it('takes the -1 of a router for no price, and for no anomaly', async () => {
    expect(await world.price('openrouter/auto', 'openrouter')).toBeNull();
    expect(await world.entry('openrouter/auto')).toMatchObject({ status: 'active' });
  });

  it('holds the price of a new model that claims to be free, unless its name says so', async () => {
    const [model] = generateCatalogue({ count: 60, seed: 7 }).slice(-1);
    const free = { prompt: '0', completion: '0' };
    world.openrouter.models.push({ ...model!, id: 'acme/stealth', pricing: free });
    world.openrouter.models.push({ ...model!, id: 'acme/small:free', pricing: free });
    await world.sync();
    expect(await world.waiting()).toMatchObject([{ entry_id: 'acme/stealth', anomaly: 'price_zero' }]);
    expect(await world.price('acme/stealth', 'openrouter')).toBeNull();
    expect(await world.price('acme/small:free', 'openrouter')).toEqual({ input: '0', output: '0' });
  });

  it('holds a change once, however often it is seen, and lets it go when the source takes it back', async () => {
    ask(llama, { prompt: '0.1' });
    await world.sync();
    const before = await world.written();
    expect((await world.sync()).counts).toMatchObject({ held: 0, changed: 0 });
    expect(await world.written()).toBe(before);
    ask(llama, { prompt: '0.0000001' });
    await world.sync();
    expect(await world.waiting()).toEqual([]);
    expect(await world.query('SELECT state FROM catalogue_changes')).toEqual([{ state: 'superseded' }]);
  });

  it('puts an approved price into force, and only that one', async () => {
    ask(llama, { completion: '0.0000032' });
    await world.sync();
    const [held] = await world.waiting();
    const change = await world.service.approve(world.operator, held!.id);
    expect(change).toMatchObject({ state: 'approved', decidedBy: 'test' });
    expect(await world.price(llama, 'openrouter')).toEqual({ input: '0.0000001', output: '0.0000032' });
    const before = await world.written();
    await world.sync();
    expect(await world.written()).toBe(before);
  });

  it.each([
    ['below zero', { completion: '-0.00000032' }],
    ['no number', { prompt: 'free!' }],
    ['no price any more', { prompt: null, completion: null }],
  ])(
    'knows no price once it is agreed that there is none (%s), and does not ask again',
    async (_what, pricing) => {
      ask(llama, pricing);
      await world.sync();
      const [held] = await world.waiting();
      await world.service.approve(world.operator, held!.id);
      expect(await world.price(llama, 'openrouter')).toBeNull();
      await world.sync();
      expect(await world.waiting()).toEqual([]);
      expect(await world.price(llama, 'openrouter')).toBeNull();
    },
  );

  it('forgets a rejected change and never holds it again', async () => {
    ask(llama, { completion: '0.0000032' });
    await world.sync();
    const [held] = await world.waiting();
    await world.service.reject(world.operator, held!.id);
    await world.sync();
    expect(await world.waiting()).toEqual([]);
    expect(await world.price(llama, 'openrouter')).toEqual({ input: '0.0000001', output: '0.00000032' });
    ask(llama, { completion: '0.0000064' });
    await world.sync();
    expect(await world.waiting()).toMatchObject([{ entry_id: llama, anomaly: 'price_jump' }]);
  });

  it('decides once: the same word again changes nothing, another one is refused', async () => {
    ask(llama, { prompt: '0.1' });
    await world.sync();
    const [held] = await world.waiting();
    await world.service.approve(world.operator, held!.id);
    const before = await world.written();
    await world.service.approve(world.operator, held!.id);
    expect(await world.written()).toBe(before);
    await expect(world.service.reject(world.operator, held!.id)).rejects.toMatchObject({
      code: 'catalogue_change_decided',
    });
    await expect(world.service.approve(world.operator, 'chg_none')).rejects.toMatchObject({
      code: 'catalogue_change_not_found',
    });
  });

  it('applies no price that was held against another one than is in force by now', async () => {
    ask(llama, { prompt: '0.1' });
    await world.sync();
    const [held] = await world.waiting();
    await world.query(`UPDATE catalogue_prices SET prices = '{"input": "5"}' WHERE entry_id = $1`, [llama]);
    await expect(world.service.approve(world.operator, held!.id)).rejects.toMatchObject({
      code: 'catalogue_change_decided',
    });
    expect(await world.price(llama, 'openrouter')).toEqual({ input: '5' });
  });

  it('leaves a price that a person set alone', async () => {
    const mine = `UPDATE catalogue_prices SET source = 'manual', prices = '{"input": "0.5"}' WHERE entry_id = $1`;
    await world.query(mine, [llama]);
    ask(llama, { prompt: '0.0000002' });
    expect((await world.sync()).counts).toMatchObject({ prices: 0, held: 0 });
    expect(await world.price(llama, 'openrouter')).toEqual({ input: '0.5' });
  });

  it('marks a model that is gone, keeps its last price, and takes it back when it returns', async () => {
    const all = world.openrouter.models;
    world.openrouter.models = all.filter(({ id }) => id !== llama);
    expect((await world.sync()).counts).toMatchObject({ vanished: 1, changed: 0 });
    expect(await world.entry(llama)).toMatchObject({ status: 'vanished', vanished_at: world.clock.now() });
    expect(await world.price(llama, 'openrouter')).toMatchObject({ input: '0.0000001' });
    expect((await world.sync()).counts).toMatchObject({ vanished: 0 });
    world.openrouter.models = all;
    await world.sync();
    expect(await world.entry(llama)).toMatchObject({ status: 'active', vanished_at: null });
  });

  it('does not believe that a third of all models is gone, and changes none of them', async () => {
    const all = world.openrouter.models;
    const before = await world.content();
    world.openrouter.models = all.slice(0, 40);
    const sync = await world.sync();
    expect(sync).toMatchObject({ state: 'completed', counts: { held: 1, vanished: 0, changed: 0 } });
    const [held] = await world.waiting();
    expect(held).toMatchObject({ entry_id: null, anomaly: 'mass_vanishing' });
    await world.service.approve(world.operator, held!.id);
    const gone = await world.query(`SELECT id FROM catalogue_entries WHERE status = 'vanished'`);
    expect(gone.map(({ id }) => id).sort()).toEqual(
      all
        .slice(40)
        .map(({ id }) => id)
        .sort(),
    );
    expect(before).not.toContain('"vanished"');
  });

  it('believes it of fewer than a third', async () => {
    world.openrouter.models = world.openrouter.models.slice(0, 41);
    expect((await world.sync()).counts).toMatchObject({ held: 0, vanished: 19 });
  });

  it('does not believe it of the price map either, nor ends the prices that would be missing', async () => {
    const { entries } = world.litellm;
    world.litellm.entries = Object.fromEntries(Object.entries(entries).slice(-60));
    const before = await world.price(gpt, 'openai');
    expect((await world.sync()).counts).toMatchObject({ held: 1, vanished: 0, changed: 0 });
    expect(await world.waiting()).toMatchObject([{ anomaly: 'mass_vanishing' }]);
    expect(await world.price(gpt, 'openai')).toEqual(before);
  });

  it('deprecates a model whose end is announced', async () => {
    world.openrouter.model(llama).expiration_date = '2027-02-01';
    await world.sync();
    expect(await world.entry(llama)).toMatchObject({ status: 'deprecated' });
    const [row] = await world.query('SELECT expires_on::text AS day FROM catalogue_entries WHERE id = $1', [
      llama,
    ]);
    expect(row).toEqual({ day: '2027-02-01' });
  });

  it('skips a model that cannot be read, counts it, and leaves what is known of it as it is', async () => {
    const broken = world.openrouter.model(llama) as unknown as Record<string, unknown>;
    broken['pricing'] = 'see website';
    const before = await world.entry(llama);
    const sync = await world.sync();
    expect(sync).toMatchObject({ state: 'completed', counts: { malformed: 1, changed: 0, vanished: 0 } });
    expect(await world.entry(llama)).toEqual(before);
  });

  it('keeps each price that was in force, with its times', async () => {
    const first = await world.price(llama, 'openrouter');
    const history = (): Promise<Record<string, unknown>[]> =>
      world.query(
        'SELECT prices, effective_from, effective_to FROM catalogue_prices WHERE entry_id = $1 ORDER BY effective_from',
        [llama],
      );
    const [old] = await history();
    ask(llama, { prompt: '0.0000002' });
    await world.sync();
    const at = world.clock.now();
    ask(llama, { prompt: '0.0000003' });
    await world.sync();
    expect(await history()).toEqual([
      { ...old, prices: first, effective_to: at },
      {
        prices: { input: '0.0000002', output: '0.00000032' },
        effective_from: at,
        effective_to: world.clock.now(),
      },
      {
        prices: { input: '0.0000003', output: '0.00000032' },
        effective_from: world.clock.now(),
        effective_to: null,
      },
    ]);
  });
});
