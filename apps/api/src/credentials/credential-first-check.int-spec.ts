import type { ApiApp, TestResponse } from '../../../../test/support/api-app';
import { openApiApp } from '../../../../test/support/api-app';
import { credentialsPath as path, type ShownCredential } from '../../../../test/support/credentials-bench';
import { faults, ProviderValidationStandIn } from '../../../../test/stand-ins/provider-validation.stand-in';

interface Checked extends ShownCredential {
  verified_at: string | null;
  check: { ok: boolean; outcome: string; http_status: number | null } | null;
}

const good = 'sk-proj-0123456789-good-key';
let api: ApiApp;
let provider: ProviderValidationStandIn;
let token: string;
let providerId: string;
let userCount = 0;

beforeAll(async () => {
  provider = await ProviderValidationStandIn.start();
  api = await openApiApp();
  token = await api.createToken();
  const body = { name: 'openai here', kind: 'openai', base_url: provider.baseUrl('openai') };
  providerId = (await api.call<{ id: string }>('POST', '/api/v1/llm/providers', { token, body })).body.id;
});

afterEach(() => provider.reset());
afterAll(async () => {
  await api.close();
  await provider.close();
});

const call = (method: string, at: string, body?: object): Promise<TestResponse<Checked>> =>
  api.call<Checked>(method, at, { token, ...(body ? { body } : {}) });

async function newOrganization(): Promise<string> {
  const body = { name: `organization ${(userCount += 1)}` };
  return (await call('POST', '/api/v1/organizations', body)).body.id;
}

const save = async (api_key: string, more: object = {}) =>
  call('POST', path, { provider: providerId, api_key, organization_id: await newOrganization(), ...more });

it('says in the answer that the provider accepts the key', async () => {
  provider.setKey(good, 'good');
  const saved = await save(good);
  expect(saved).toMatchObject({ status: 201, body: { state: 'verified' } });
  expect(saved.body.verified_at).not.toBeNull();
  expect((await call('GET', `${path}/${saved.body.id}`)).body).toEqual(saved.body);
});

it.each([
  ['bad', 'invalid'],
  ['outOfCredit', 'exhausted'],
] as const)('says that a key is %s: it is saved, and %s', async (what, state) => {
  provider.setKey(good, what);
  expect(await save(good)).toMatchObject({ status: 201, body: { enabled: true, state } });
});

it('does not wait for a provider that does not answer', async () => {
  provider.misbehave(faults.hang);
  const startedAt = Date.now();
  const saved = await save(good);
  expect(saved).toMatchObject({ status: 201, body: { enabled: true } });
  expect(['pending', 'unverified']).toContain(saved.body.state);
  expect(Date.now() - startedAt).toBeLessThan(9_000);
}, 20_000);

it('asks nobody about a key that is not in use', async () => {
  await save(good, { enabled: false });
  await save(good, { expires_at: '2020-01-01' });
  expect(provider.requests).toEqual([]);
});

it('asks again when it is told to, and shows what was said', async () => {
  provider.setKey(good, 'good');
  const { id } = (await save(good)).body;
  provider.setKey(good, 'bad');
  // Once verified, one refusal is not yet believed.
  expect(await call('POST', `${path}/${id}/validate`)).toMatchObject({
    status: 200,
    body: { state: 'verified', check: { ok: false, outcome: 'invalid', http_status: 401 } },
  });
  await call('POST', `${path}/${id}/disable`);
  expect(await call('POST', `${path}/${id}/validate`)).toMatchObject({
    status: 409,
    body: { code: 'credential_not_readable' },
  });
});

it("asks about a member's key with its new value", async () => {
  const organization_id = await newOrganization();
  const at = '/api/v1/llm/users/ada/byok';
  const first = await call('POST', at, { provider: providerId, api_key: good, organization_id });
  expect(first.body.state).toBe('invalid');
  const better = 'sk-proj-better-key-9876';
  provider.setKey(better, 'good');
  const second = await call('POST', at, { provider: providerId, api_key: better, organization_id });
  expect(second.body).toMatchObject({ id: first.body.id, state: 'verified' });
});
