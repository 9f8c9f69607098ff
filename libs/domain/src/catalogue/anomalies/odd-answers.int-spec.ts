import { CatalogueWorld } from '../../../../../test/support/catalogue-world';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';

const sonnet = 'anthropic/claude-sonnet-4.5';

describe('a sync of answers with something odd in them', () => {
  let database: TestDatabase;
  let world: CatalogueWorld;

  beforeAll(async () => {
    database = await openTestDatabase();
    world = await CatalogueWorld.open(database);
  });
  beforeEach(async () => {
    await world.forget();
    world.openrouter.models = generateCatalogue({ count: 60 });
    world.litellm.reset();
    expect(await world.sync()).toMatchObject({ state: 'completed' });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  const ids = async (like: string): Promise<unknown[]> => {
    const rows = await world.query('SELECT id FROM catalogue_entries WHERE id LIKE $1 ORDER BY id', [like]);
    return rows.map(({ id }) => id);
  };

  it('goes on with all that can be kept', async () => {
    const model = world.openrouter.model(sonnet);
    const overrides = [{ min_prompt_tokens: '200k', prompt: '0.000002' }];
    world.openrouter.models.push(
      { ...model, id: 'odd/nul', name: 'NUL\0' },
      { ...model, id: 'odd/half', name: 'half \ud83d' },
      { ...model, id: 'odd/day', expiration_date: '2027-02-30' },
      { ...model, id: 'odd/condition', pricing: { prompt: '0.000001', overrides } },
      { ...model, id: `odd/${'x'.repeat(5_000)}` },
    );
    world.litellm.entries['odd-day'] = {
      litellm_provider: 'openai',
      mode: 'chat',
      deprecation_date: '2027-02-30',
    };
    expect(await world.sync()).toMatchObject({
      state: 'completed',
      counts: { malformed: 3, added: 3, held: 1 },
    });
    expect(await ids('odd/%')).toEqual(['odd/condition', 'odd/day']);
    expect(await world.entry('odd/day')).toMatchObject({ status: 'active', expires_on: null });
    expect(await world.waiting()).toMatchObject([{ entry_id: 'odd/condition', anomaly: 'malformed' }]);
  });

  it('takes LiteLLM’s name of a model that cannot be read for no other model', async () => {
    expect(await ids('anthropic/claude-sonnet-4_5')).toEqual([sonnet]);
    Object.assign(world.openrouter.model(sonnet), { pricing: 'see website' });
    const before = await world.entry(sonnet);
    expect(await world.sync()).toMatchObject({ counts: { malformed: 1, added: 0, vanished: 0 } });
    expect(await ids('anthropic/claude-sonnet-4_5')).toEqual([sonnet]);
    expect(await world.entry(sonnet)).toEqual(before);
  });

  it('has what is known of deployments made anew when a model vanishes', async () => {
    const isFactsItem = async (): Promise<boolean> => {
      const removed = await world.query("DELETE FROM outbox_items WHERE topic = 'project.facts' RETURNING 1");
      return (removed[1] as unknown) === 1;
    };
    await isFactsItem();
    world.openrouter.models = world.openrouter.models.filter(
      ({ id }) => id !== 'meta-llama/llama-3.3-70b-instruct',
    );
    expect(await world.sync()).toMatchObject({ counts: { vanished: 1, changed: 0 } });
    expect(await isFactsItem()).toBe(true);
  });

  it('leaves a model as it is that may be the one whose id cannot be read', async () => {
    const before = await world.content();
    Object.assign(world.openrouter.model(sonnet), { id: 7 });
    expect(await world.sync()).toMatchObject({ counts: { malformed: 1, added: 0, changed: 0, vanished: 0 } });
    expect(await world.content()).toBe(before);
  });
});
