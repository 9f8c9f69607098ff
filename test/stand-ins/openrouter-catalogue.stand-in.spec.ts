import { endpointsOf, generateCatalogue } from './openrouter-catalogue.models';
import { OpenrouterCatalogueStandIn } from './openrouter-catalogue.stand-in';

type Answer = { data: { id: string }[]; total_count: number; links: { next: string | null } };

describe("the stand-in of OpenRouter's catalogue", () => {
  let standIn: OpenrouterCatalogueStandIn;

  beforeAll(async () => {
    standIn = await OpenrouterCatalogueStandIn.start();
  });
  beforeEach(() => standIn.behave());
  afterAll(() => standIn.close());

  const get = (path: string): Promise<Response> => fetch(`${standIn.baseUrl}${path}`);
  const page = async (query: string): Promise<Answer> =>
    (await (await get(`/models${query}`)).json()) as Answer;

  it('has a catalogue of the real size, the same for the same seed', async () => {
    const body = await (await get('/models?output_modalities=all')).text();
    expect(standIn.models.length).toBeGreaterThanOrEqual(420);
    expect(body.length).toBeGreaterThan(600_000);
    expect(generateCatalogue()).toEqual(standIn.models);
    expect(generateCatalogue({ seed: 2 })).not.toEqual(standIn.models);
    expect(new Set(standIn.models.map(({ id }) => id)).size).toBe(standIn.models.length);
  });

  it('has what makes a catalogue hard: routers, aliases, free variants, ends, conditions', () => {
    const has = (test: (model: (typeof standIn.models)[number]) => boolean): boolean =>
      standIn.models.some(test);
    expect(has(({ pricing }) => pricing['prompt'] === '-1')).toBe(true);
    expect(has(({ alias_target }) => alias_target !== undefined)).toBe(true);
    expect(has(({ id }) => id.endsWith(':free'))).toBe(true);
    expect(has(({ expiration_date }) => expiration_date !== null)).toBe(true);
    expect(has(({ pricing }) => Array.isArray(pricing['overrides']))).toBe(true);
  });

  it('hides what writes no text unless it is asked for all, as OpenRouter does', async () => {
    const ids = ({ data }: Answer): string[] => data.map(({ id }) => id);
    expect(ids(await page(''))).not.toContain('openai/text-embedding-3-small');
    expect(ids(await page('?output_modalities=all'))).toContain('openai/text-embedding-3-small');
  });

  it('pages by offset and limit', async () => {
    const [first, last] = [await page('?limit=100'), await page('?offset=400&limit=100')];
    expect(first.data).toHaveLength(100);
    expect(first.links.next).toContain('offset=100');
    expect(last.links.next).toBeNull();
    expect(last.total_count).toBe(400 + last.data.length);
  });

  it('has endpoints of each model, and no other', async () => {
    const model = standIn.model('openai/gpt-4o');
    const answer = (await (await get('/models/openai/gpt-4o/endpoints')).json()) as {
      data: { endpoints: object[] };
    };
    expect(answer.data.endpoints).toHaveLength(endpointsOf(model).length);
    expect((await get('/models/acme/none/endpoints')).status).toBe(404);
  });

  it('misbehaves as often as it is told', async () => {
    standIn.misbehave({ kind: 'rate_limit', retryAfterSeconds: 7 }, { times: 1 });
    const limited = await get('/models');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await get('/models')).status).toBe(200);
  });
});
