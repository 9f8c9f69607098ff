import { systemCaller } from '@signalbox/domain/access';
import { CredentialCheckService } from '@signalbox/domain/credential-checks';
import { EnvironmentCredentialService } from '@signalbox/domain/credentials';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Credential {
  id: string;
  provider: { id: string; kind: string; name: string };
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
  // No provider is asked in these tests.
  jest.spyOn(api.get(CredentialCheckService), 'checkNow').mockRejectedValue(new Error('not in this test'));
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
    { reference: 'env:GROQ_API_KEY', state: 'disabled', state_reason: 'variable_missing', version: 2 },
    {
      reference: 'env:OPENAI_API_KEY',
      key_name: '...new1',
      state: 'unverified',
      state_reason: 'environment',
      next_check_at: null,
      enabled: true,
      version: 2,
      provider: { kind: 'openai' },
    },
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
  expect(plan.body.config_yaml).toMatch(/cred_\w+: "OPENAI_API_KEY"/);
  expect(plan.body.config_yaml).not.toContain('os.environ/OPENAI_API_KEY');
});

it('is shown to the platform only', async () => {
  const [credential] = await list();
  expect((await api.call<Credential>('GET', `${path}/${credential!.id}`, { token })).body).toEqual(
    credential,
  );
  const unknown = await api.call('GET', `${path}/cred_00000000000000000000000000`, { token });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
  const tenantToken = await api.createToken({ organizationId: 'org_of_a_tenant' });
  const ofTenant = await api.call('GET', `${path}/${credential!.id}`, { token: tenantToken });
  expect(ofTenant).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
  expect((await api.call('GET', path, { token: tenantToken })).body).toEqual({ data: [], next_cursor: null });
});

describe('a key of the environment', () => {
  const cohereKey = { name: 'COHERE_API_KEY', fingerprint: '00112233aabbccdd', last4: 'cohe' };
  let id: string;

  beforeAll(async () => {
    await service.sync(bootstrap, [openaiKey, cohereKey]);
    id = (await list('?provider=cohere'))[0]!.id;
  });

  it('stays disabled when a person disabled it, also with another value', async () => {
    await api.call('POST', `${path}/${id}/disable`, { token });
    expect((await service.sync(bootstrap, [openaiKey, cohereKey])).changed).toEqual([]);
    await service.sync(bootstrap, [openaiKey, { ...cohereKey, fingerprint: 'ffffffffffffffff' }]);
    expect((await api.call('GET', `${path}/${id}`, { token })).body).toMatchObject({
      enabled: false,
      fingerprint: 'ffffffffffffffff',
    });
    const enabled = await api.call('PATCH', `${path}/${id}`, { token, body: { enabled: true } });
    expect(enabled.body).toMatchObject({ state: 'unverified', state_reason: 'environment' });
  });

  it('may be named, but what only the environment can change is refused', async () => {
    const revealer = await api.createToken({ scopes: ['credentials:reveal'] });
    const named = await api.call('PATCH', `${path}/${id}`, { token, body: { name: 'of the platform' } });
    expect(named).toMatchObject({ status: 200, body: { name: 'of the platform' } });
    const refused = [
      await api.call('PATCH', `${path}/${id}`, { token, body: { base_url: 'https://example.com' } }),
      await api.call('DELETE', `${path}/${id}`, { token }),
      await api.call('POST', `${path}/${id}/validate`, { token }),
      await api.call('POST', `${path}/${id}/reveal`, { token: revealer, body: {} }),
    ];
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'credential_in_environment' } });
    }
  });

  it('goes behind a key that was saved for the platform', async () => {
    const body = { provider: 'cohere', api_key: 'cohere-0123456789abcdef' };
    const taken = await api.call<{ detail: string }>('POST', path, { token, body });
    expect(taken).toMatchObject({ status: 409, body: { code: 'credential_exists' } });
    expect(taken.body.detail).toContain(id);
    await service.sync(bootstrap, [openaiKey]);
    expect((await api.call('POST', path, { token, body })).status).toBe(201);
    expect((await service.sync(bootstrap, [openaiKey, cohereKey])).changed).toEqual(['COHERE_API_KEY']);
    expect(await list('?provider=cohere&enabled=true')).toMatchObject([{ source: 'api' }]);
    expect((await service.sync(bootstrap, [openaiKey, cohereKey])).changed).toEqual([]);
  });

  it('goes with its provider', async () => {
    await service.sync(bootstrap, [openaiKey, { ...cohereKey, name: 'PERPLEXITYAI_API_KEY' }]);
    const [perplexity] = await list('?provider=perplexity');
    const at = `/api/v1/llm/providers/${perplexity!.provider.id}`;
    expect((await api.call('DELETE', at, { token })).status).toBe(204);
    expect((await api.call('GET', `${path}/${perplexity!.id}`, { token })).status).toBe(404);
    await service.sync(bootstrap, [openaiKey, { ...cohereKey, name: 'PERPLEXITYAI_API_KEY' }]);
    expect(await list('?provider=perplexity')).toMatchObject([{ enabled: true }]);
  });
});
