import fc from 'fast-check';
import { modelBody, modelListBody, parseModelList, servedModels, visibleModels } from './model-list';
import type { CatalogueDocument } from './projection.documents';

const fromLitellm = JSON.stringify({
  object: 'list',
  data: [
    { id: 'gpt-4o', object: 'model', created: 1677610602, owned_by: 'openai', mode: 'chat' },
    { id: 'openai/o3', object: 'model', created: 1677610602, owned_by: 'openai' },
    { id: 'claude', object: 'model' },
  ],
});
const models = parseModelList(fromLitellm) ?? [];

describe('the list of models', () => {
  it('is read from LiteLLM with all its fields', () => {
    expect(models).toHaveLength(3);
    expect(models[0]).toMatchObject({ id: 'gpt-4o', mode: 'chat', owned_by: 'openai' });
  });

  it.each(['', '{}', '[]', '{"data":{}}', '{"data":[{"id":""}]}', '{"error":{"message":"x"}}', '<html>'])(
    'is not %p',
    (text) => {
      expect(parseModelList(text)).toBeNull();
    },
  );

  const view = (lists: string[][], aliases: Record<string, string> = {}): string[] =>
    visibleModels({ served: models, catalogue: null, lists, aliases, routingNames: [] }).map(({ id }) => id);

  it('shows only what every level allows', () => {
    expect(view([[], []])).toHaveLength(3);
    expect(
      view([
        ['openai/*', 'claude'],
        ['claude', 'gpt-4o'],
      ]),
    ).toEqual(['claude']);
    expect(view([['no-default-models'], []])).toEqual([]);
  });

  it("shows the workspace's further names of what may be used", () => {
    const aliases = { smart: 'claude', cheap: 'openai/o3', dead: 'gone', 'gpt-4o': 'claude' };
    expect(view([[]], aliases)).toEqual(['openai/o3', 'claude', 'smart', 'cheap', 'gpt-4o']);
    expect(view([['claude']], aliases)).toEqual(['claude', 'smart', 'gpt-4o']);
    expect(view([['gpt-4o']], aliases)).toEqual([]);
    const [smart] = visibleModels({
      served: models,
      catalogue: null,
      lists: [['claude']],
      aliases: { smart: 'claude' },
      routingNames: [],
    }).slice(-1);
    expect(smart).toMatchObject({ id: 'smart', object: 'model' });
  });

  it('never names a model or an alias behind which there is none that is allowed', () => {
    const name = fc.constantFrom('gpt-4o', 'openai/o3', 'claude', 'smart', 'gone');
    const list = fc.array(fc.oneof(name, fc.constantFrom('openai/*', '*', 'no-default-models')), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 1, maxLength: 2 }),
        fc.dictionary(name, name),
        (lists, aliases) => {
          for (const id of view(lists, aliases)) {
            const target = Object.hasOwn(aliases, id) ? aliases[id]! : id;
            expect(models.map((model) => model.id)).toContain(target);
            expect(view(lists)).toContain(target);
          }
        },
      ),
    );
  });

  it('speaks OpenAI', () => {
    expect(modelListBody('openai', models)).toEqual(JSON.parse(fromLitellm));
    expect(modelBody('openai', models[0]!)).toBe(models[0]);
  });

  it('speaks Anthropic', () => {
    expect(modelListBody('anthropic', models)).toEqual({
      data: [
        { type: 'model', id: 'gpt-4o', display_name: 'gpt-4o', created_at: '2023-02-28T18:56:42.000Z' },
        { type: 'model', id: 'openai/o3', display_name: 'openai/o3', created_at: '2023-02-28T18:56:42.000Z' },
        { type: 'model', id: 'claude', display_name: 'claude', created_at: '1970-01-01T00:00:00.000Z' },
      ],
      has_more: false,
      first_id: 'gpt-4o',
      last_id: 'claude',
    });
    expect(modelListBody('anthropic', [])).toEqual({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
  });

  it('survives nonsense dates', () => {
    const [model] = parseModelList('{"data":[{"id":"x","created":1e300}]}') ?? [];
    expect(modelBody('anthropic', model!)).toMatchObject({ created_at: '1970-01-01T00:00:00.000Z' });
  });
});

describe('what can be called', () => {
  const deployment = {
    id: 'dep_1',
    provider_id: 'prov_1',
    provider_kind: 'openai',
    needs_key: true,
    credential_id: null,
  };
  const catalogueOf = (names: string[], isTold = true): CatalogueDocument => ({
    v: 1,
    release_id: 'rel_1',
    release_number: 1,
    models: names.map((name) => ({
      name,
      mode: null,
      deployment_ids: ['dep_1'],
      deployments: isTold
        ? [{ ...deployment, weight: 1, order: 0, upstream_model: null, base_url: null }]
        : [],
      openrouter_id: null,
    })),
  });
  const ids = (fromLitellm: typeof models | null, catalogue: CatalogueDocument | null): string[] =>
    servedModels(fromLitellm, catalogue).map(({ id }) => id);

  it('is the catalogue before LiteLLM was seen, without wildcards', () => {
    expect(ids(null, catalogueOf(['demo', 'openai/*']))).toEqual(['demo']);
    expect(servedModels(null, catalogueOf(['demo']))[0]).toEqual({
      id: 'demo',
      object: 'model',
      created: 0,
      owned_by: 'signalbox',
    });
  });

  it('is what LiteLLM tells and the release serves, by name or by a wildcard, and the rest of the release', () => {
    expect(ids(models, catalogueOf(['gpt-4o', 'openai/*', 'new']))).toEqual(['gpt-4o', 'openai/o3', 'new']);
  });

  it("is LiteLLM's list where the release does not say enough, and nothing where nobody has said anything", () => {
    expect(ids(models, catalogueOf(['demo'], false))).toEqual(['gpt-4o', 'openai/o3', 'claude']);
    expect(ids(models, null)).toEqual(['gpt-4o', 'openai/o3', 'claude']);
    expect(ids(null, catalogueOf(['demo'], false))).toEqual(['demo']);
    expect(ids(null, null)).toEqual([]);
  });
});
