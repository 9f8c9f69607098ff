import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Deployment {
  id: string;
  provider_id: string;
  upstream_model: string;
  litellm_params: Record<string, unknown>;
  base_url: string | null;
  enabled: boolean;
  version: number;
}
interface Model {
  id: string;
  name: string;
  mode: string;
  is_demo: boolean;
  version: number;
  openrouter_id: string | null;
  deployments: Deployment[];
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
}

const path = '/api/v1/llm/models';

let api: ApiApp;
let token: string;
let openai: string;
let demo: string;

const call = <Body>(method: string, at: string, body?: unknown) =>
  api.call<Body>(method, at, { token, ...(body === undefined ? {} : { body }) });
const create = (body: object) => call<Model>('POST', path, body);
const deployment = (more: object = {}) => ({ provider_id: openai, upstream_model: 'gpt-4o', ...more });
const addProvider = async (name: string, kind: string) =>
  (await call<{ id: string }>('POST', '/api/v1/llm/providers', { name, kind })).body.id;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  openai = await addProvider('openai', 'openai');
  demo = await addProvider('demo', 'demo');
});

afterAll(() => api.close());

it('creates, shows, changes and deletes a model', async () => {
  const created = await create({ name: 'smart', deployments: [deployment({ litellm_params: { rpm: 5 } })] });
  expect(created).toMatchObject({
    status: 201,
    body: {
      name: 'smart',
      mode: 'chat',
      is_demo: false,
      version: 1,
      deployments: [{ provider_kind: 'openai', upstream_model: 'gpt-4o', litellm_params: { rpm: 5 } }],
    },
  });
  const at = `${path}/${created.body.id}`;
  expect((await call<Model>('GET', at)).body).toEqual(created.body);
  expect((await call<Model>('PATCH', at, { mode: 'embedding', metadata: { team: 'x' } })).body).toMatchObject(
    {
      name: 'smart',
      mode: 'embedding',
      metadata: { team: 'x' },
      version: 2,
    },
  );
  expect((await call('DELETE', at)).status).toBe(204);
  expect(await call<Problem>('GET', at)).toMatchObject({ status: 404, body: { code: 'model_not_found' } });
});

describe('the id at OpenRouter', () => {
  it('is saved, changed and taken away', async () => {
    const { body: plain } = await create({ name: 'litellm-only' });
    expect(plain.openrouter_id).toBeNull();
    const { body } = await create({ name: 'elsewhere-too', openrouter_id: 'openai/gpt-4o-mini' });
    expect(body.openrouter_id).toBe('openai/gpt-4o-mini');
    const at = `${path}/${body.id}`;
    const change = async (openrouter_id: string | null) =>
      (await call<Model>('PATCH', at, { openrouter_id })).body.openrouter_id;
    expect(await change('~anthropic/claude-sonnet-latest')).toBe('~anthropic/claude-sonnet-latest');
    expect((await call<Model>('PATCH', at, { mode: 'chat' })).body.openrouter_id).not.toBeNull();
    expect(await change(null)).toBeNull();
  });

  it('may have a wildcard where the name has one, and only there', async () => {
    const { status, body } = await create({ name: 'anyone/*', openrouter_id: 'openai/*' });
    expect([status, body.openrouter_id]).toEqual([201, 'openai/*']);
    const renamed = await call<Problem>('PATCH', `${path}/${body.id}`, { name: 'only-one' });
    expect([renamed.status, renamed.body.errors?.[0]?.field]).toEqual([400, 'openrouter_id']);
    expect((await create({ name: 'all-at-once', openrouter_id: '*' })).status).toBe(400);
  });

  it.each(['gpt-4o', 'openai/', '/x', 'a/b/c', 'openai/gpt 4o', 'openai/*-mini', 'https://x/y', ''])(
    'is not %p',
    async (openrouter_id) => {
      const { status, body } = await call<Problem>('POST', path, { name: 'odd-id', openrouter_id });
      expect([status, body.code, body.errors?.[0]?.field]).toEqual([
        400,
        'validation_failed',
        'openrouter_id',
      ]);
    },
  );
});

it('adds, changes and deletes deployments; the model counts each as a change of its own', async () => {
  const model = (await create({ name: 'several' })).body;
  const at = `${path}/${model.id}/deployments`;
  const added = (await call<Model>('POST', at, deployment())).body;
  expect([added.version, added.deployments.length]).toEqual([2, 1]);
  const { id } = added.deployments[0]!;

  const changes = { upstream_model: 'gpt-4o-mini', litellm_params: { timeout: 5 }, enabled: false };
  const changed = (await call<Model>('PATCH', `${at}/${id}`, changes)).body;
  expect(changed).toMatchObject({
    version: 3,
    deployments: [{ ...changes, provider_id: openai, version: 2 }],
  });

  const emptied = (await call<Model>('DELETE', `${at}/${id}`)).body;
  expect(emptied).toMatchObject({ version: 4, deployments: [] });
  expect((await call<Problem>('DELETE', `${at}/${id}`)).body.code).toBe('deployment_not_found');
});

it("does not find a deployment under another model's id", async () => {
  const one = (await create({ name: 'one', deployments: [deployment()] })).body;
  const other = (await create({ name: 'other' })).body;
  const at = `${path}/${other.id}/deployments/${one.deployments[0]!.id}`;
  expect((await call<Problem>('PATCH', at, { enabled: false })).body.code).toBe('deployment_not_found');
});

it('marks models with canned answers as demos for as long as they have them', async () => {
  const model = (
    await create({ name: 'a-demo', deployments: [{ provider_id: demo, upstream_model: 'demo' }] })
  ).body;
  expect(model.is_demo).toBe(true);
  const at = `${path}/${model.id}/deployments/${model.deployments[0]!.id}`;
  expect((await call<Model>('PATCH', at, { enabled: false })).body.is_demo).toBe(false);
});

it.each([
  { api_key: 'sk-secret' },
  { api_base: 'http://elsewhere' },
  { model: 'openai/other' },
  { rpm: '5' },
  { rpm: -1 },
  { weight: true },
  { max_retries: 3 },
  { mock_response: 'hi' },
  { temperature: 3 },
  { api_version: 'os.environ/LITELLM_MASTER_KEY' },
  { organization: 'sk-proj-0123456789' },
  { extra_body: { api_key: 'x' } },
  { extra_body: { '<<': 1 } },
  { extra_body: { note: 'os.environ/SECRET' } },
  { additional_drop_params: 'temperature' },
  { drop_params: 'yes' },
])('refuses the parameters %j and names them', async (params) => {
  const answer = await call<Problem>('POST', path, {
    name: 'refused',
    deployments: [deployment({ litellm_params: params })],
  });
  expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  expect(answer.body.errors?.[0]?.field).toBe(`litellm_params.${Object.keys(params)[0]}`);
});

it.each([
  '-starts-with-a-dash',
  'has space',
  'line\nbreak',
  'mid*dle',
  'no-slash*',
  'all-team-models',
  "quote'",
  '',
  'x'.repeat(257),
])('refuses the name %j', async (name) => {
  expect((await create({ name })).status).toBe(400);
});

it.each(['gpt-4o', 'openai/*', '*', 'anthropic/claude-sonnet-4.5:beta', '~openai/x@1'.slice(1)])(
  'takes the name %j',
  async (name) => {
    const created = await create({ name });
    expect(created.status).toBe(201);
    await call('DELETE', `${path}/${created.body.id}`);
  },
);

it.each(['os.environ/SECRET', 'two words', 'mid*dle', '"quoted"', ''])(
  'refuses the upstream model %j',
  async (upstreamModel) => {
    const answer = await call<Problem>('POST', path, {
      name: 'upstream',
      deployments: [deployment({ upstream_model: upstreamModel })],
    });
    expect(answer.status).toBe(400);
  },
);

it('refuses targets that are not there or do not fit', async () => {
  const unknown = 'prov_00000000000000000000000000';
  const withProvider = { name: 'nowhere', deployments: [deployment({ provider_id: unknown })] };
  expect((await call<Problem>('POST', path, withProvider)).body.code).toBe('provider_not_found');
  const credential_id = 'cred_00000000000000000000000000';
  const withCredential = { name: 'nowhere', deployments: [deployment({ credential_id })] };
  expect((await call<Problem>('POST', path, withCredential)).body.code).toBe('credential_not_found');
  const names = (await call<{ data: Model[] }>('GET', `${path}?search=nowhere`)).body.data;
  expect(names).toEqual([]);
});

it('refuses a name that is taken', async () => {
  await create({ name: 'taken' });
  expect(await call<Problem>('POST', path, { name: 'taken' })).toMatchObject({
    status: 409,
    body: { code: 'model_name_taken' },
  });
});

it('finds models by name, mode and provider, page by page', async () => {
  await create({ name: 'list/a', mode: 'rerank', deployments: [deployment()] });
  await create({ name: 'list/b' });
  await create({ name: 'list/c', enabled: false });
  const names = async (query: string) =>
    (await call<{ data: Model[]; next_cursor: string | null }>('GET', `${path}?search=list/&${query}`)).body;
  const first = await names('limit=2');
  expect(first.data.map(({ name }) => name)).toEqual(['list/a', 'list/b']);
  const rest = await names(`limit=2&cursor=${first.next_cursor}`);
  expect(rest).toMatchObject({ data: [{ name: 'list/c' }], next_cursor: null });
  expect((await names('mode=rerank')).data).toMatchObject([{ name: 'list/a' }]);
  expect((await names(`provider_id=${openai}`)).data).toMatchObject([{ name: 'list/a' }]);
  expect((await names('enabled=false')).data).toMatchObject([{ name: 'list/c' }]);
});

it('shows an organization the models without inner addresses, and lets it change nothing', async () => {
  const tenantToken = await api.createToken({ organizationId: 'org_of_a_tenant' });
  const inner = { base_url: 'http://inner.example/v1', litellm_params: { rpm: 7 } };
  const { id } = (await create({ name: 'shown', deployments: [deployment(inner)] })).body;
  const shown = await api.call<Model>('GET', `${path}/${id}`, { token: tenantToken });
  expect(shown.body.deployments).toMatchObject([
    { upstream_model: 'gpt-4o', base_url: null, litellm_params: {} },
  ]);
  const refused = await api.call<Problem>('DELETE', `${path}/${id}`, { token: tenantToken });
  expect([refused.status, refused.body.code]).toEqual([403, 'platform_only']);
});
