import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { ModelView } from '../models/model.dto';
import type { ProviderView } from '../providers/provider.dto';

let api: ApiApp;
let token: string;
let provider: string;

const providers = '/api/v1/llm/providers';
const models = '/api/v1/llm/models';
const call = <Body>(method: string, at: string, body?: unknown) =>
  api.call<Body>(method, at, { token, ...(body === undefined ? {} : { body }) });
const query = (sql: string, parameters: unknown[] = []) =>
  api.database.transactions.run('platform', (manager) => manager.query<unknown[]>(sql, parameters));

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  const made = await call<ProviderView>('POST', providers, { name: 'p', kind: 'openai' });
  provider = made.body.id;
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, provenance, fingerprint)
     VALUES ('openai/gpt-4o', 'x', 'openai', 'chat', 'active', '{"context_length":128000,"tools":true}',
       '{"context_length":{"source":"openrouter","at":"2026-11-20T00:00:00.000Z"}}', '')`,
  );
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
     VALUES ('price_1', 'openai/gpt-4o', 'openai', '{"input":"0.0000025","output":"0.00001"}', 'litellm',
       '2026-11-01T00:00:00Z')`,
  );
});
afterAll(() => api.close());

it('are given with a model and its deployments, changed field by field, taken back, and shown with their source', async () => {
  const deployment = {
    provider_id: provider,
    upstream_model: 'gpt-4o',
    facts: { region: 'eu', tools: false },
  };
  const created = await call<ModelView>('POST', models, {
    name: 'smart',
    facts: { region: 'us', prices: { input: '0.0000015', output: '0.00000001' } },
    deployments: [deployment],
  });
  expect(created.status).toBe(201);
  const [first] = created.body.deployments;
  expect(created.body.facts).toMatchObject({ region: 'us', prices: { input: '0.0000015', request: null } });
  expect(first!.facts).toEqual({ region: 'eu', tools: false });
  expect(first!.known_facts).toEqual({
    catalogue_id: expect.objectContaining({ value: 'openai/gpt-4o' }),
    region: { value: 'eu', source: 'deployment', at: null, catalogue_entry_id: null },
    tools: { value: false, source: 'deployment', at: null, catalogue_entry_id: null },
    zero_data_retention: { value: false, source: 'vendor', at: null, catalogue_entry_id: null },
    trains_on_data: { value: false, source: 'vendor', at: null, catalogue_entry_id: null },
    context_length: {
      value: 128_000,
      source: 'openrouter',
      at: '2026-11-20T00:00:00.000Z',
      catalogue_entry_id: 'openai/gpt-4o',
    },
    prices: {
      value: { input: '0.0000015', output: '0.00000001', cache_read: null, cache_write: null, request: null },
      source: 'model',
      at: null,
      catalogue_entry_id: null,
    },
    quality: expect.objectContaining({ source: 'table' }),
  });
  const at = `${models}/${created.body.id}`;
  const changed = await call<ModelView>('PATCH', at, { facts: { prices: null, quality: 0.4 } });
  expect(changed.body.facts).toEqual({ region: 'us', quality: 0.4 });
  const ofDeployment = { facts: { region: null, local: true } };
  const { body } = await call<ModelView>('PATCH', `${at}/deployments/${first!.id}`, ofDeployment);
  expect(body.deployments[0]!.known_facts).toMatchObject({
    region: { value: 'us', source: 'model' },
    local: { value: true, source: 'deployment' },
    quality: { value: 0.4, source: 'model' },
    prices: {
      value: { input: '0.0000025', output: '0.00001' },
      source: 'litellm',
      at: '2026-11-01T00:00:00.000Z',
      catalogue_entry_id: 'openai/gpt-4o',
    },
  });
  expect((await call<ModelView>('GET', at)).body).toEqual(body);
});

it('of a provider: PATCH changes some of them, PUT all', async () => {
  const at = `${providers}/${provider}`;
  const patched = await call<ProviderView>('PATCH', at, { facts: { region: 'eu', trains_on_data: false } });
  expect(patched.body.facts).toEqual({ region: 'eu', trains_on_data: false });
  expect((await call<ProviderView>('PATCH', at, { facts: { region: null } })).body.facts).toEqual({
    trains_on_data: false,
  });
  expect((await call<ProviderView>('PATCH', at, { description: 'x' })).body.facts).toEqual({
    trains_on_data: false,
  });
  const put = await call<ProviderView>('PUT', at, { name: 'p', facts: { zero_data_retention: true } });
  expect(put.body.facts).toEqual({ zero_data_retention: true });
  expect((await call<ProviderView>('PUT', at, { name: 'p' })).body.facts).toEqual({});
  const waiting = await query(`SELECT FROM outbox_items WHERE topic = 'project.facts'`);
  expect(waiting).toHaveLength(1);
});

it.each([
  [{ prices: { input: 0.0000025 } }, 'facts.prices.input'],
  [{ prices: { input: '-1' } }, 'facts.prices.input'],
  [{ prices: { input: '2.5' } }, 'facts.prices.input'],
  [{ prices: { input: '0.0000000000001' } }, 'facts.prices.input'],
  [{ prices: { audio: '0.1' } }, 'facts.prices.audio'],
  [{ context_length: 0 }, 'facts.context_length'],
  [{ input_modalities: ['smell'] }, 'facts.input_modalities'],
  [{ quality: 1.01 }, 'facts.quality'],
  [{ tools: 'yes' }, 'facts.tools'],
  [{ cleverness: 1 }, 'facts.cleverness'],
])('%j is refused', async (facts, field) => {
  const { status, body } = await call<{ errors: { field: string }[] }>('POST', models, { name: 'no', facts });
  expect([status, body.errors?.[0]?.field]).toEqual([400, field]);
});

it('are of the platform only: a tenant sees neither prices nor sources', async () => {
  const tenant = await api.createToken({ organizationId: 'org_of_a_tenant' });
  const { body } = await api.call<{ data: ModelView[] }>('GET', models, { token: tenant });
  expect(
    body.data.map(({ facts, deployments }) => [facts, deployments[0]!.facts, deployments[0]!.known_facts]),
  ).toEqual([[{}, {}, {}]]);
});

describe('prices of long prompts', () => {
  const long = { above_prompt_tokens: 200_000, input: '0.000005', output: '0.000015' };
  const shown = { ...long, cache_read: null, cache_write: null };

  it('are stated with the others, and go with them', async () => {
    const prices = { input: '0.0000025', output: '0.00001', long_prompt: [long] };
    const deployments = [{ provider_id: provider, upstream_model: 'gpt-4o' }];
    const { status, body } = await call<ModelView>('POST', models, {
      name: 'long',
      facts: { prices },
      deployments,
    });
    expect(status).toBe(201);
    expect(body.facts['prices']).toMatchObject({ input: '0.0000025', long_prompt: [shown] });
    expect(body.deployments[0]!.known_facts['prices']).toMatchObject({
      source: 'model',
      value: { output: '0.00001', long_prompt: [shown] },
    });
    const facts = { prices: { input: '0.000001', long_prompt: null } };
    const changed = await call<ModelView>('PATCH', `${models}/${body.id}`, { facts });
    expect(changed.body.facts['prices']).not.toHaveProperty('long_prompt');
  });

  it('are written into the catalogue by hand, and are known of the deployments of that model', async () => {
    const prices = { input: '0.0000025', output: '0.00001', long_prompt: [long] };
    const written = await call<{ prices: unknown[] }>('POST', '/api/v1/llm/catalogue', {
      id: 'openai/long',
      prices: [{ offered_by: 'openai', prices }],
    });
    const override = { min_prompt_tokens: 200_000, input: '0.000005', output: '0.000015' };
    expect(written.body.prices).toMatchObject([
      { source: 'manual', prices: { input: '0.0000025', output: '0.00001', overrides: [override] } },
    ]);
    const deployments = [{ provider_id: provider, upstream_model: 'long' }];
    const { body } = await call<ModelView>('POST', models, { name: 'long-too', deployments });
    expect(body.deployments[0]!.known_facts['prices']).toMatchObject({
      source: 'manual',
      value: { input: '0.0000025', long_prompt: [shown] },
      catalogue_entry_id: 'openai/long',
    });
  });

  it.each([
    [[{ ...long, above_prompt_tokens: 0 }], 'facts.prices.long_prompt.0.above_prompt_tokens'],
    [[{ input: '0.000005' }], 'facts.prices.long_prompt.0.above_prompt_tokens'],
    [[{ ...long, input: '-1' }], 'facts.prices.long_prompt.0.input'],
    [[{ ...long, request: '0.1' }], 'facts.prices.long_prompt.0.request'],
    [[long, { ...long, above_prompt_tokens: 128_000 }], 'facts.prices.long_prompt'],
    [[long, long], 'facts.prices.long_prompt'],
    [
      Array.from({ length: 11 }, (_, index) => ({ above_prompt_tokens: index + 1 })),
      'facts.prices.long_prompt',
    ],
    [long, 'facts.prices.long_prompt'],
    [[null], 'facts.prices.long_prompt.0'],
  ])('%j is refused', async (long_prompt, field) => {
    const facts = { prices: { input: '0.0000025', long_prompt } };
    const { status, body } = await call<{ errors: { field: string }[] }>('POST', models, {
      name: 'no',
      facts,
    });
    expect([status, body.errors?.[0]?.field]).toEqual([400, field]);
  });
});
