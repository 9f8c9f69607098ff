import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Provider {
  id: string;
  name: string;
  kind: string;
  base_url: string | null;
  description: string | null;
  enabled: boolean;
  version: number;
}
interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
}

const path = '/api/v1/llm/providers';

let api: ApiApp;
let token: string;
let tenantToken: string;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  tenantToken = await api.createToken({ organizationId: 'org_of_a_tenant' });
});

afterAll(() => api.close());

const call = <Body>(method: string, at: string, body?: unknown) =>
  api.call<Body>(method, at, { token, ...(body === undefined ? {} : { body }) });
const create = (body: object) => call<Provider>('POST', path, body);

it('creates, shows, replaces, changes and deletes a provider', async () => {
  const created = await create({ name: '  My vLLM ', kind: 'vllm', base_url: 'http://10.0.0.7:8000/v1/' });
  expect(created).toMatchObject({
    status: 201,
    body: { name: 'My vLLM', kind: 'vllm', title: 'vLLM', base_url: 'http://10.0.0.7:8000/v1', version: 1 },
  });
  const at = `${path}/${created.body.id}`;
  expect((await call<Provider>('GET', at)).body).toEqual(created.body);

  const changed = await call<Provider>('PATCH', at, { description: 'two GPUs' });
  expect(changed.body).toMatchObject({
    base_url: created.body.base_url,
    description: 'two GPUs',
    version: 2,
  });

  const replaced = await call<Provider>('PUT', at, { name: 'Other', base_url: 'https://b/v1' });
  expect(replaced.body).toMatchObject({ name: 'Other', description: null, enabled: true, version: 3 });

  expect((await call('DELETE', at)).status).toBe(204);
  expect(await call<Problem>('GET', at)).toMatchObject({ status: 404, body: { code: 'provider_not_found' } });
});

it('finds providers by a part of their name, kind and state, page by page', async () => {
  for (const name of ['find 50% a', 'find 500 b', 'find 50% c']) await create({ name, kind: 'groq' });
  await create({ name: 'find 50% d', kind: 'mistral', enabled: false });
  const list = async (query: string) => (await call<Page<Provider>>('GET', `${path}?${query}`)).body;
  const names = ({ data }: Page<Provider>) => data.map(({ name }) => name);

  const first = await list('search=FIND%2050%25&limit=2');
  expect(names(first)).toEqual(['find 50% a', 'find 50% c']);
  const rest = await list(`search=FIND%2050%25&limit=2&cursor=${first.next_cursor}`);
  expect([names(rest), rest.next_cursor]).toEqual([['find 50% d'], null]);
  expect(names(await list('search=find&kind=mistral'))).toEqual(['find 50% d']);
  expect(names(await list('search=find&enabled=false'))).toEqual(['find 50% d']);
  expect((await call<Problem>('GET', `${path}?enabled=maybe`)).body.code).toBe('validation_failed');
});

it.each([
  ['ftp://files.example.com', 'http'],
  ['http://user:secret@example.com', 'password'],
  ['https://example.com/v1?key=secret', 'query'],
  ['https://example.com/\nv1', 'line breaks'],
  ['not a url', 'URL'],
  ['', 'URL'],
  [null, 'needed'],
])('refuses the address %j of a server that needs one', async (baseUrl, hint) => {
  const answer = await call<Problem>('POST', path, {
    name: 'x',
    kind: 'openai_compatible',
    base_url: baseUrl,
  });
  expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  expect(answer.body.errors).toEqual([
    { field: 'base_url', message: expect.stringContaining(hint) as string },
  ]);
});

it.each([
  [{ name: 'x', kind: 'anyscale' }, 'kind'],
  [{ kind: 'openai' }, 'name'],
  [{ name: 'x', kind: 'openai', api_key: 'sk-secret' }, 'api_key'],
  [{ name: 'x', kind: 'openai', enabled: null }, 'enabled'],
  [{ name: 'x', kind: 'demo', base_url: 'http://a' }, 'base_url'],
])('refuses %j', async (body, field) => {
  const answer = await call<Problem>('POST', path, body);
  expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
});

it('refuses a name that is taken, when made and when renamed', async () => {
  await create({ name: 'taken', kind: 'openai' });
  const other = await create({ name: 'free', kind: 'openai' });
  const taken = { status: 409, body: { code: 'provider_name_taken' } };
  expect(await create({ name: 'taken', kind: 'groq' })).toMatchObject(taken);
  expect(await call('PATCH', `${path}/${other.body.id}`, { name: 'taken' })).toMatchObject(taken);
});

it('does not delete a provider that deployments use', async () => {
  const provider = await create({ name: 'used', kind: 'openai' });
  const deployment = { provider_id: provider.body.id, upstream_model: 'gpt-4o' };
  const model = await call<{ id: string }>('POST', '/api/v1/llm/models', {
    name: 'uses-it',
    deployments: [deployment],
  });
  expect(await call('DELETE', `${path}/${provider.body.id}`)).toMatchObject({
    status: 409,
    body: { code: 'provider_in_use' },
  });
  await call('DELETE', `/api/v1/llm/models/${model.body.id}`);
  expect((await call('DELETE', `${path}/${provider.body.id}`)).status).toBe(204);
});

it('shows an organization which providers there are, but not where, and lets it change nothing', async () => {
  const created = await create({ name: 'inner', kind: 'vllm', base_url: 'http://inner.example:8000/v1' });
  const at = `${path}/${created.body.id}`;
  const shown = await api.call<Provider>('GET', at, { token: tenantToken });
  expect(shown.body).toMatchObject({ name: 'inner', base_url: null });
  for (const [method, body] of [
    ['PATCH', { name: 'mine' }],
    ['PUT', { name: 'mine' }],
    ['DELETE', undefined],
  ] as const) {
    const refused = await api.call<Problem>(method, at, { token: tenantToken, body });
    expect([refused.status, refused.body.code]).toEqual([403, 'platform_only']);
  }
});

it('shows an organization how a provider is, but not how much all organizations call it', async () => {
  const { body } = await create({ name: 'called', kind: 'mistral' });
  await api.database.transactions.run('platform', (manager) =>
    manager.query(
      `INSERT INTO provider_health (provider_id, state, reason, source, detail, requests, error_rate, checked_at, since)
       VALUES ($1, 'healthy', 'calls_succeed', 'traffic', 'fine', 120, 0.01, now(), now())`,
      [body.id],
    ),
  );
  const healthFor = async (as: string) =>
    (await api.call<Record<string, unknown>>('GET', `${path}/${body.id}/health`, { token: as })).body;
  expect(await healthFor(token)).toMatchObject({ state: 'healthy', calls: 120, error_rate: 0.01 });
  expect(await healthFor(tenantToken)).toMatchObject({ state: 'healthy', calls: null, error_rate: 0.01 });
});

it('lists the kinds of providers', async () => {
  const { data } = (
    await call<{ data: { kind: string; environment_variable: string | null }[] }>(
      'GET',
      '/api/v1/llm/provider-kinds',
    )
  ).body;
  expect(data).toContainEqual(
    expect.objectContaining({ kind: 'openrouter', environment_variable: 'OPENROUTER_API_KEY' }),
  );
});

it('keeps an audit event of each change, without the values of keys', async () => {
  const { body } = await create({ name: 'audited', kind: 'openai' });
  await call('PATCH', `${path}/${body.id}`, { enabled: false });
  const events = (await api.database.transactions.run('platform', (manager) =>
    manager.query('SELECT action, changes FROM audit_events WHERE target_id = $1 ORDER BY sequence', [
      body.id,
    ]),
  )) as unknown;
  expect(events).toEqual([
    { action: 'provider.created', changes: expect.objectContaining({ kind: 'openai' }) as unknown },
    { action: 'provider.updated', changes: { enabled: false } },
  ]);
});
