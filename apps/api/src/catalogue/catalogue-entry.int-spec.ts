import { ManualClock } from '@signalbox/common';
import { UsageEventEntity } from '@signalbox/database';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { CatalogueEntryDetailView, CatalogueEntryPage, CataloguePriceList } from './catalogue-entry.dto';

let api: ApiApp;
let token: string;
const ofSync = { source: 'openrouter', at: '2026-11-01T00:00:00Z' };
const clock = new ManualClock(Date.now() - 1_000);
const path = '/api/v1/llm/catalogue';
const call = <Body = CatalogueEntryDetailView>(method: string, more: string, body?: unknown, as = token) =>
  api.call<Body>(method, `${path}${more}`, { token: as, ...(body === undefined ? {} : { body }) });
const query = <Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []) =>
  api.database.transactions.run('platform', (manager) => manager.query<Row[]>(sql, parameters));

beforeAll(async () => {
  api = await openApiApp({ clock });
  token = await api.createToken({ scopes: ['models:read', 'models:write'] });
  const entries: [string, string, string, object][] = [
    [
      'openai/gpt-4o-mini',
      'chat',
      'active',
      { context_length: 128_000, tools: true, input_modalities: ['text', 'image'] },
    ],
    ['openai/gpt-4-32k', 'chat', 'vanished', { context_length: 32_000, tools: false }],
    ['openai/embed', 'embedding', 'active', { output_modalities: ['embeddings'] }],
    ['groq/llama-3.3-70b', 'chat', 'active', { context_length: 131_072 }],
  ];
  for (const [id, mode, status, fields] of entries) {
    await query(
      `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, provenance, fingerprint)
       VALUES ($1, 'Model ' || $1, $2, $3, $4, $5, $6, 'f')`,
      [id, id.split('/')[0], mode, status, fields, { name: ofSync, vendor: ofSync, mode: ofSync }],
    );
  }
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from, effective_to) VALUES
       ('price_00a', 'openai/gpt-4o-mini', 'openai', '{"input":"0.0000003","output":"0.0000012"}', 'litellm', '2026-01-01', '2026-06-01'),
       ('price_00b', 'openai/gpt-4o-mini', 'openai', '{"input":"0.00000015","output":"0.0000006"}', 'litellm', '2026-06-01', NULL),
       ('price_00c', 'groq/llama-3.3-70b', 'groq', '{"input":"0.00000059"}', 'litellm', '2026-06-01', NULL),
       ('price_00d', 'openai/embed', 'openai', '{"input":"0.00000002"}', 'manual', '2026-06-01', NULL)`,
  );
});
afterAll(() => api.close());

const ids = async (more: string, as = token) =>
  (await call<CatalogueEntryPage>('GET', more, undefined, as)).body.data.map(({ id }) => id);

it.each([
  ['', ['groq/llama-3.3-70b', 'openai/embed', 'openai/gpt-4-32k', 'openai/gpt-4o-mini']],
  ['?search=GPT-4', ['openai/gpt-4-32k', 'openai/gpt-4o-mini']],
  ['?vendor=groq', ['groq/llama-3.3-70b']],
  ['?mode=embedding', ['openai/embed']],
  ['?status=vanished', ['openai/gpt-4-32k']],
  ['?offered_by=openai', ['openai/embed', 'openai/gpt-4o-mini']],
  ['?input_modality=image', ['openai/gpt-4o-mini']],
  ['?output_modality=embeddings', ['openai/embed']],
  ['?tools=true', ['openai/gpt-4o-mini']],
  ['?tools=false', ['openai/gpt-4-32k']],
  ['?min_context_length=128000', ['groq/llama-3.3-70b', 'openai/gpt-4o-mini']],
  ['?max_input_price=0.0000002', ['openai/embed', 'openai/gpt-4o-mini']],
  ['?max_output_price=0.0000006', ['openai/gpt-4o-mini']],
  ['?max_output_price=0.00000059', []],
])('lists %s', async (more, expected) => {
  expect(await ids(more)).toEqual(expected);
});

it('lists page by page', async () => {
  const first = await call<CatalogueEntryPage>('GET', '?limit=3');
  const rest = await call<CatalogueEntryPage>('GET', `?limit=3&cursor=${first.body.next_cursor}`);
  expect([first.body.data.length, rest.body.data.map(({ id }) => id), rest.body.next_cursor]).toEqual([
    3,
    ['openai/gpt-4o-mini'],
    null,
  ]);
});

it.each(['openai/gpt-4o-mini', 'openai%2Fgpt-4o-mini'])(
  'shows %s with its prices and where each field is from',
  async (id) => {
    const { body } = await call('GET', `/${id}`);
    expect(body).toMatchObject({ id: 'openai/gpt-4o-mini', context_length: 128_000, json_mode: null });
    expect(body.prices).toMatchObject([
      { offered_by: 'openai', prices: { input: '0.00000015' }, effective_to: null },
    ]);
    expect(body.fields['name']).toEqual({
      value: 'Model openai/gpt-4o-mini',
      source: 'openrouter',
      at: '2026-11-01T00:00:00Z',
    });
    const history = await call<CataloguePriceList>('GET', `/${id}/prices`);
    expect(history.body.data.map(({ prices, effective_to }) => [prices['input'], effective_to])).toEqual([
      ['0.00000015', null],
      ['0.0000003', '2026-06-01T00:00:00.000Z'],
    ]);
    expect((await call<{ code: string }>('GET', '/openai/gpt-99/prices')).body.code).toBe(
      'catalogue_entry_not_found',
    );
  },
);

it('keeps prices by hand from tenants', async () => {
  const tenant = await api.createToken({ organizationId: 'org_of_a_tenant' });
  expect((await call('GET', '/openai/embed', undefined, tenant)).body.prices).toEqual([]);
  expect(
    (await call<CataloguePriceList>('GET', '/openai/embed/prices', undefined, tenant)).body.data,
  ).toEqual([]);
  expect(await ids('?max_input_price=0.0000002', tenant)).toEqual(['openai/gpt-4o-mini']);
  expect((await call<{ code: string }>('PATCH', '/openai/embed', {}, tenant)).status).toBe(403);
});

describe('an entry by hand', () => {
  const own = {
    id: 'acme/our-model',
    context_length: 8_000,
    tools: true,
    prices: [{ offered_by: 'openai_compatible', prices: { input: '0.000001', output: '0' } }],
  };

  it('is added once, changed, and removed with its prices', async () => {
    const created = await call('POST', '', own);
    expect(created).toMatchObject({
      status: 201,
      body: { id: own.id, name: 'our-model', vendor: 'acme', mode: 'chat', context_length: 8_000 },
    });
    expect(created.body.fields['context_length']?.source).toBe('manual');
    expect((await call<{ code: string }>('POST', '', own)).body.code).toBe('catalogue_entry_exists');
    const changed = await call('PATCH', `/${own.id}`, {
      context_length: null,
      tools: false,
      expires_on: '2027-01-31',
    });
    expect(changed.body).toMatchObject({ context_length: null, tools: false, status: 'deprecated' });
    expect((await call('DELETE', `/${own.id}`)).status).toBe(204);
    expect((await call('GET', `/${own.id}`)).status).toBe(404);
    expect(await query('SELECT FROM catalogue_prices WHERE entry_id = $1', [own.id])).toEqual([]);
  });

  it.each([
    [{ id: 'no-vendor' }, 'id'],
    [{ id: 'a/b', context_length: -1 }, 'context_length'],
    [{ id: 'a/b', expires_on: '2027-02-30' }, 'expires_on'],
    [{ id: 'a/b', expires_on: '0000-01-01' }, 'expires_on'],
    [{ id: 'a/b', expires_on: '2027-01-31T00:00:00Z' }, 'expires_on'],
    [{ id: 'a/b', replacement_id: 'acme/nobody' }, 'replacement_id'],
    [{ id: 'a/b', prices: [{ offered_by: 'openai', prices: { input: '1.5' } }] }, 'prices.0.prices.input'],
    [{ id: 'a/b', prices: [{ offered_by: 'acme', prices: null }] }, 'prices.0.offered_by'],
    [
      { id: 'a/b', prices: [{ offered_by: 'openai', prices: null, effective_from: '2020-01-01' }] },
      'prices.0.effective_from',
    ],
  ])('%j is refused', async (body, field) => {
    const answer = await call<{ errors: { field: string }[] }>('POST', '', body);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
  });

  it('of a sync is not removed, and what is written into it stays until it is taken back', async () => {
    expect((await call<{ code: string }>('DELETE', '/openai/embed')).body.code).toBe(
      'catalogue_entry_not_manual',
    );
    const at = '/groq/llama-3.3-70b';
    const written = await call('PATCH', at, { tools: true, replacement_id: 'openai/gpt-4o-mini' });
    expect(written.body).toMatchObject({ tools: true, replacement_id: 'openai/gpt-4o-mini' });
    expect(written.body.fields['tools']?.source).toBe('manual');
    const taken = await call('PATCH', at, { tools: null, context_length: null, replacement_id: null });
    // Of the context length it is the sync's word, which nobody can take back.
    expect(taken.body).toMatchObject({ tools: null, context_length: 131_072, replacement_id: null });
  });
});

it('prices to come are all kept, in whatever order they are sent', async () => {
  const dayLater = (days: number) => new Date(clock.nowMs() + days * 86_400_000).toISOString();
  const price = (input: string, effective_from?: string) => ({
    offered_by: 'groq',
    prices: { input },
    effective_from,
  });
  const sent = [price('0.000003', dayLater(2)), price('0.000001'), price('0.000002', dayLater(1))];
  const { body } = await call('PATCH', '/groq/llama-3.3-70b', { prices: sent });
  expect(body.prices).toMatchObject([{ prices: { input: '0.000001' }, effective_to: dayLater(1) }]);
  const history = await call<CataloguePriceList>('GET', '/groq/llama-3.3-70b/prices');
  const known = history.body.data.map(({ prices, effective_to }) => [prices['input'], effective_to]);
  expect(known.slice(0, 3).sort()).toEqual([
    ['0.000001', dayLater(1)],
    ['0.000002', dayLater(2)],
    ['0.000003', null],
  ]);
});

it('an entry of a sync that a person renamed is still the sync’s', async () => {
  const at = '/groq/llama-3.3-70b';
  const renamed = await call('PATCH', at, { name: 'Our Llama' });
  expect(renamed.body.fields['name']).toMatchObject({ value: 'Our Llama', source: 'manual' });
  expect((await call<{ code: string }>('DELETE', at)).body.code).toBe('catalogue_entry_not_manual');
});

it('a price that changes, now or later, leaves what past usage was charged', async () => {
  const charged = { input: 150_000, output: 600_000, cache_read: null, cache_write: null, request: null };
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(UsageEventEntity, {
      requestId: 'req_of_the_past',
      organizationId: 'org_1',
      workspaceId: 'ws_1',
      virtualKeyId: 'key_1',
      callType: 'chat_completions',
      modelRequested: 'mini',
      statusCode: 200,
      complete: true,
      usageSource: 'provider',
      edgeId: 'edge',
      costNanoUsd: '750',
      prices: charged as object,
      startedAt: new Date(),
      endedAt: new Date(),
    }),
  );
  const past = () =>
    query(`SELECT cost_nano_usd, prices FROM usage_events WHERE request_id = 'req_of_the_past'`);
  const before = await past();
  const at = '/openai/gpt-4o-mini';
  const later = new Date(clock.nowMs() + 86_400_000).toISOString();
  const price = (input: string, effective_from?: string) => ({
    prices: [{ offered_by: 'openai', prices: { input, output: '0.0000006' }, effective_from }],
  });
  await call('PATCH', at, price('0.0000009', later));
  expect((await call('GET', at)).body.prices[0]?.prices['input']).toBe('0.00000015');
  await call('PATCH', at, price('0.0000008'));
  expect((await call('GET', at)).body.prices[0]).toMatchObject({
    prices: { input: '0.0000008' },
    source: 'manual',
  });
  const history = await call<CataloguePriceList>('GET', `${at}/prices`);
  // The one that was to come is gone with the newer decision; those that were in force have only got an end.
  expect(history.body.data.map(({ prices, source }) => [prices['input'], source])).toEqual([
    ['0.0000008', 'manual'],
    ['0.00000015', 'litellm'],
    ['0.0000003', 'litellm'],
  ]);
  expect(history.body.data[1]?.effective_to).toBe(history.body.data[0]?.effective_from);
  expect(await past()).toEqual(before);
  expect(before).toEqual([{ cost_nano_usd: '750', prices: charged }]);
});
