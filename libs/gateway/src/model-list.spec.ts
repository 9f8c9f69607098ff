import { modelBody, modelListBody, modelListOfCatalogue, parseModelList, visibleModels } from './model-list';

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

  it('shows only what every level allows', () => {
    expect(visibleModels(models, [[], []])).toHaveLength(3);
    expect(
      visibleModels(models, [
        ['openai/*', 'claude'],
        ['claude', 'gpt-4o'],
      ]).map(({ id }) => id),
    ).toEqual(['claude']);
    expect(visibleModels(models, [['no-default-models'], []])).toEqual([]);
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

  it('comes from the catalogue before LiteLLM was seen', () => {
    const catalogue = {
      v: 1,
      release_id: 'rel_1',
      release_number: 1,
      models: [
        { name: 'demo', mode: 'chat', deployment_ids: ['dep_1'], deployments: [], openrouter_id: null },
        { name: 'openai/*', mode: null, deployment_ids: ['dep_2'], deployments: [], openrouter_id: null },
      ],
    };
    expect(modelListOfCatalogue(catalogue).map(({ id }) => id)).toEqual(['demo']);
  });
});
