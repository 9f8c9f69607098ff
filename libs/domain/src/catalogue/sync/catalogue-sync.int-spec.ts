import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { CatalogueWorld } from '../../../../../test/support/catalogue-world';

describe('the sync of the catalogue', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
    await world.use('openai', 'gpt-4o');
    await world.use('groq', 'llama-3.3-70b-versatile', 'meta-llama/llama-3.3-70b-instruct');
    await world.use('litellm', 'bedrock/anthropic.claude-v2');
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  it('is not begun by itself where it is switched off', async () => {
    const never = new AbortController().signal;
    expect(await world.newRunner({ isDaily: false }).advance(never)).toBe('idle');
  });

  it('merges both sources into one catalogue, with prices and where each field comes from', async () => {
    const sync = await world.sync();
    expect(sync).toMatchObject({ state: 'completed', problem: null });
    expect(sync.counts).toMatchObject({ models: 424, endpoints: 2, held: 0 });
    expect(sync.progress).toMatchObject({ litellm_version: '1.103.1' });
    const entry = await world.entry('anthropic/claude-sonnet-4.5');
    expect(entry).toMatchObject({
      vendor: 'anthropic',
      mode: 'chat',
      fields: { upstream_names: { anthropic: 'claude-sonnet-4-5' } },
      provenance: { name: { source: 'openrouter', at: sync.createdAt.toISOString() } },
    });
    expect(await world.price('anthropic/claude-sonnet-4.5', 'anthropic')).toEqual({
      input: '0.000003',
      output: '0.000015',
      cache_read: '0.0000003',
      cache_write: '0.00000375',
      cache_write_1h: '0.000006',
      overrides: [{ min_prompt_tokens: 200_000, input: '0.000006', output: '0.0000225' }],
    });
  });

  it('writes nothing when the sources say the same again', async () => {
    const before = await world.written();
    const sync = await world.sync();
    expect(sync).toMatchObject({ state: 'completed', counts: { added: 0, changed: 0, prices: 0 } });
    expect(await world.written()).toBe(before);
  });
});
