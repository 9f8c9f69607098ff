import { systemCaller } from '@signalbox/domain/access';
import { EnvironmentCredentialService } from '@signalbox/domain/credentials';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Credential {
  id: string;
  provider: { kind: string; name: string };
  reference: string;
  last4: string;
  enabled: boolean;
  version: number;
}

const path = '/api/v1/credentials';
const bootstrap = systemCaller('bootstrap');
const openaiKey = { name: 'OPENAI_API_KEY', fingerprint: '0123456789abcdef', last4: 'wxyz' };
const groqKey = { name: 'GROQ_API_KEY', fingerprint: 'fedcba9876543210', last4: 'abcd' };

let api: ApiApp;
let token: string;
let service: EnvironmentCredentialService;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  service = api.get(EnvironmentCredentialService);
});

afterAll(() => api.close());

const list = async (query = '') =>
  (await api.call<{ data: Credential[] }>('GET', `${path}${query}`, { token })).body.data;

it('follows the environment: added, unchanged, changed, gone, back', async () => {
  const ignored = { ...groqKey, name: 'SOME_OTHER_KEY' };
  expect(await service.sync(bootstrap, [openaiKey, groqKey, ignored])).toEqual({
    added: ['OPENAI_API_KEY', 'GROQ_API_KEY'],
    changed: [],
    disabled: [],
    ignored: ['SOME_OTHER_KEY'],
  });
  const nothing = { added: [], changed: [], disabled: [], ignored: [] };
  expect(await service.sync(bootstrap, [openaiKey, groqKey])).toEqual(nothing);

  const rotated = { ...openaiKey, fingerprint: 'aaaaaaaaaaaaaaaa', last4: 'new1' };
  expect(await service.sync(bootstrap, [rotated])).toEqual({
    ...nothing,
    changed: ['OPENAI_API_KEY'],
    disabled: ['GROQ_API_KEY'],
  });
  expect(await list()).toMatchObject([
    {
      reference: 'env:OPENAI_API_KEY',
      last4: 'new1',
      enabled: true,
      version: 2,
      provider: { kind: 'openai' },
    },
    { reference: 'env:GROQ_API_KEY', enabled: false, version: 2, provider: { kind: 'groq' } },
  ]);
  expect(await list('?enabled=false')).toHaveLength(1);
  expect((await service.sync(bootstrap, [rotated, groqKey])).changed).toEqual(['GROQ_API_KEY']);
});

it('gives a key to the provider that reaches the vendor itself, not to a proxy of the same kind', async () => {
  const add = (name: string, baseUrl: string | null) =>
    api.call<{ id: string }>('POST', '/api/v1/llm/providers', {
      token,
      body: { name, kind: 'mistral', base_url: baseUrl },
    });
  await add('mistral proxy', 'https://proxy.example.com');
  await add('mistral itself', null);
  await service.sync(bootstrap, [{ ...groqKey, name: 'MISTRAL_API_KEY' }]);
  const credentials = await list();
  const mistral = credentials.find(({ provider }) => provider.kind === 'mistral');
  expect(mistral?.provider.name).toBe('mistral itself');
});

it('is what a new deployment of that provider uses, with the next release', async () => {
  await service.sync(bootstrap, [openaiKey]);
  const { data } = (
    await api.call<{ data: { id: string }[] }>('GET', '/api/v1/llm/providers?kind=openai', { token })
  ).body;
  const deployments = [{ provider_id: data[0]!.id, upstream_model: 'gpt-4o' }];
  await api.call('POST', '/api/v1/llm/models', { token, body: { name: 'with-key', deployments } });
  const plan = await api.call<{ config_yaml: string }>('POST', '/api/v1/config/plan', { token });
  expect(plan.body.config_yaml).toContain('api_key: "os.environ/OPENAI_API_KEY"');
});

it('is shown to the platform only', async () => {
  const [credential] = await list();
  expect((await api.call<Credential>('GET', `${path}/${credential!.id}`, { token })).body).toEqual(
    credential,
  );
  const unknown = await api.call('GET', `${path}/cred_00000000000000000000000000`, { token });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
  const tenantToken = await api.createToken({ organizationId: 'org_of_a_tenant' });
  for (const at of [path, `${path}/${credential!.id}`]) {
    expect((await api.call('GET', at, { token: tenantToken })).status).toBe(403);
  }
});
