import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, type LogFields } from '@signalbox/common';
import type { LeaseAnswer, LeaseRequest } from '@signalbox/domain/credential-broker';
import type { CatalogueDocument, CredentialsDocument } from '@signalbox/gateway';
import { createBrokerServer } from '../../apps/api/src/broker/broker-listener';
import { OpenrouterStandIn } from '../stand-ins/openrouter.stand-in';
import { replyTo } from '../stand-ins/provider-answers';
import { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { type EdgeApp, openEdgeApp, type TestKey, workspace } from '../support/edge-app';
import { EdgeClient, errorOf } from '../support/edge-client';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(60_000);

type Model = CatalogueDocument['models'][number];
type Credential = CredentialsDocument['credentials'][number];

const fallbackToken = 'fallback-token-of-tests';
const messages = [{ role: 'user' as const, content: 'hello' }];
const canary = 'canary';

/** Which virtual key may lease what, and what it gets. Values begin with the word that must be in no log. */
interface Saved {
  ownerKey: string;
  baseUrl?: string;
  environmentVariable?: string;
}
const saved: Record<string, Saved> = {
  cred_own_router: { ownerKey: 'ws_1' },
  cred_own_openai: { ownerKey: 'ws_1' },
  cred_own_claude: { ownerKey: 'ws_1' },
  cred_platform_router: { ownerKey: 'platform' },
  cred_platform_openai: { ownerKey: 'platform' },
  cred_own_private: { ownerKey: 'ws_1' },
};
const secretOf = (credentialId: string): string => `sk-${canary}-${credentialId}`;

describe('around LiteLLM', () => {
  let app: EdgeApp;
  let openrouter: OpenrouterStandIn;
  let provider: ProviderStandIn;
  let brokerServer: Server;
  let brokerPort: number;
  let key: TestKey;
  let client: EdgeClient;
  const asked: LeaseRequest[] = [];
  const brokerLogs: LogFields[] = [];

  function leaseOf(request: LeaseRequest): Promise<LeaseAnswer> {
    asked.push(request);
    const found = saved[request.credentialId];
    if (!found) return Promise.resolve({ refusal: 'credential_not_found', message: 'none' });
    const { ownerKey, baseUrl = null, environmentVariable = null } = found;
    return Promise.resolve({
      lease: {
        credentialId: request.credentialId,
        ownerKey,
        fingerprint: 'ab',
        secret: environmentVariable === null ? secretOf(request.credentialId) : null,
        environmentVariable,
        baseUrl,
        baseUrlIsTrusted: ownerKey === 'platform',
        freshForMs: 30_000,
        usableForMs: 1_800_000,
      },
    });
  }

  const deployment = (kind: string, change: object = {}) => ({
    id: `dep_${kind}`,
    provider_id: `prov_${kind}`,
    provider_kind: kind,
    needs_key: true,
    credential_id: null,
    weight: 1,
    order: 0,
    upstream_model: `${kind}-upstream`,
    base_url: kind === 'anthropic' ? provider.origin : provider.baseUrl,
    ...change,
  });
  const model = (
    name: string,
    openrouter_id: string | null,
    ...deployments: Model['deployments']
  ): Model => ({
    name,
    mode: 'chat',
    deployment_ids: deployments.map(({ id }) => id),
    deployments,
    openrouter_id,
  });
  const credential = (id: string, kind: string, change: Partial<Credential> = {}): Credential => ({
    id,
    provider_id: `prov_${kind}`,
    provider_kind: kind,
    state: 'verified',
    expires_at: null,
    ...change,
  });
  const save = (ownerKey: string, ...credentials: Credential[]) =>
    app.projection.write('credentials', ownerKey, { owner_key: ownerKey, credentials });
  const setWorkspace = (change: object) =>
    app.projection.write('workspace', 'ws_1', { ...workspace, ...change });

  async function settled(): Promise<void> {
    const { value } = await app.createKey();
    const marker = new EdgeClient(app.url, value);
    await waitUntil(async () => (await marker.post('/v1/chat/completions', {})).status === 400, {
      deadlineMs: 5_000,
      what: 'the changes to be known',
    });
  }

  beforeAll(async () => {
    openrouter = await OpenrouterStandIn.start();
    provider = await ProviderStandIn.start();
    brokerServer = createBrokerServer({
      broker: { lease: leaseOf },
      token: 'broker-token-of-tests',
      fallbackToken,
      logger: createLogger('debug', {}, (line) => brokerLogs.push(JSON.parse(line) as LogFields)),
    });
    await new Promise<void>((resolve) => brokerServer.listen(0, '127.0.0.1', resolve));
    brokerPort = (brokerServer.address() as AddressInfo).port;
    const brokerUrl = `http://127.0.0.1:${brokerPort}`;
    const config = { brokerUrl, fallbackToken, openrouterUrl: openrouter.baseUrl };
    app = await openEdgeApp({ config: { ...config, openrouterApiKey: `sk-${canary}-of-the-edge` } });
    await app.projection.write('catalogue', 'current', {
      release_id: 'rel_1',
      release_number: 1,
      models: [
        model('smart', 'openai/gpt-4o', deployment('openai')),
        model('claude', 'anthropic/claude-sonnet-4.5', deployment('anthropic')),
        model('alone', null, deployment('google')),
        model('keyless', null, deployment('vllm', { needs_key: false })),
      ],
    });
    await app.litellm.kill();
    key = await app.createKey();
    client = new EdgeClient(app.url, key.value);
  });
  beforeEach(async () => {
    openrouter.behave();
    provider.behave();
    for (const standIn of [openrouter, provider]) standIn.requests.length = 0;
    asked.length = 0;
    for (const owner of ['ws_1', 'org_1', 'platform']) await save(owner);
    await setWorkspace({});
  });
  afterAll(async () => {
    await Promise.all([app.close(), openrouter.close(), provider.close()]);
    brokerServer.closeAllConnections();
    brokerServer.close();
  });

  const route = (response: Response) => response.headers.get('x-signalbox-route');
  const chat = (body: object = {}) =>
    client.post('/v1/chat/completions', { model: 'smart', messages, ...body });
  const textOf = async (response: Response) =>
    ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;

  it("goes to OpenRouter with the tenant's own key, and says so", async () => {
    await save('ws_1', credential('cred_own_router', 'openrouter'), credential('cred_own_openai', 'openai'));
    await settled();
    const response = await chat();
    expect([response.status, await textOf(response)]).toEqual([200, replyTo('hello')]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-signalbox-route': 'openrouter',
      'x-signalbox-provider': 'openrouter',
      'x-signalbox-model': 'smart',
      'x-signalbox-credential-owner': 'workspace',
      'x-signalbox-fallback': 'litellm_down',
    });
    const [call] = openrouter.calls();
    expect(call).toMatchObject({
      path: '/api/v1/chat/completions',
      model: 'openai/gpt-4o',
      apiKey: secretOf('cred_own_router'),
      headers: { 'x-openrouter-title': 'Signalbox' },
    });
    expect(JSON.stringify(call)).not.toContain(key.value);
    expect(call?.body['user']).toMatch(/^sb-/);
    expect(asked.every(({ keyHash }) => keyHash === key.hash)).toBe(true);
  });

  it('streams, with tools and a response format, for the vendors’ SDKs', async () => {
    await save(
      'ws_1',
      credential('cred_own_router', 'openrouter'),
      credential('cred_own_openai', 'openai'),
      credential('cred_own_claude', 'anthropic'),
    );
    await settled();
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } }];
    const format = { response_format: { type: 'json_object' as const } };
    const streamed = async (more: object) => {
      const stream = await client.openai.chat.completions.create({
        model: 'smart',
        messages,
        stream: true,
        ...more,
      });
      let text = '';
      for await (const { choices } of stream) {
        // Usage was not asked for, so no chunk without choices arrives.
        expect(choices).toHaveLength(1);
        text += choices[0]?.delta.content ?? choices[0]?.delta.tool_calls?.[0]?.function?.name ?? '';
      }
      return text;
    };
    expect(await streamed({ tools, ...format })).toBe('f');
    expect(await streamed({})).toBe(replyTo('hello'));
    expect(openrouter.calls()[0]?.body).toMatchObject({ tools, ...format });
    const response = await client.openai.responses.create({ model: 'smart', input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
    const embeddings = await client.openai.embeddings.create({ model: 'smart', input: 'x' });
    expect(embeddings.data).toHaveLength(1);
    const options = { model: 'claude', messages, max_tokens: 9 };
    expect(await client.anthropic.messages.stream(options).finalText()).toBe(replyTo('hello'));
    expect(openrouter.calls().at(-1)).toMatchObject({
      path: '/api/v1/messages',
      model: 'anthropic/claude-sonnet-4.5',
      headers: { 'anthropic-version': expect.any(String) },
    });
  });

  it("goes straight to the provider with the tenant's own key", async () => {
    await save('ws_1', credential('cred_own_openai', 'openai'), credential('cred_own_claude', 'anthropic'));
    await settled();
    const response = await chat();
    expect([response.status, route(response)]).toEqual([200, 'direct']);
    const { data, response: raw } = await client.anthropic.messages
      .create({ model: 'claude', messages, max_tokens: 9 })
      .withResponse();
    expect([data.content[0]?.type, route(raw)]).toEqual(['text', 'direct']);
    expect(
      provider
        .calls()
        .map(({ path, model: name, apiKey, headers }) => [path, name, apiKey, 'x-api-key' in headers]),
    ).toEqual([
      ['/v1/chat/completions', 'openai-upstream', secretOf('cred_own_openai'), false],
      ['/v1/messages', 'anthropic-upstream', secretOf('cred_own_claude'), true],
    ]);
    expect(openrouter.calls()).toEqual([]);
  });

  it('needs no key for a server that asks for none', async () => {
    const response = await chat({ model: 'keyless' });
    expect([response.status, route(response)]).toEqual([200, 'direct']);
    expect(provider.calls()[0]).toMatchObject({ apiKey: null, model: 'vllm-upstream' });
    expect(asked).toEqual([]);
  });

  it('takes the next way when one fails', async () => {
    await save('ws_1', credential('cred_own_router', 'openrouter'), credential('cred_own_openai', 'openai'));
    await settled();
    openrouter.misbehave({ kind: 'error', code: 502 });
    const response = await chat();
    expect([response.status, route(response)]).toEqual([200, 'direct']);
    expect([openrouter.calls().length, provider.calls().length]).toEqual([1, 1]);
  });

  it("lets the platform pay at OpenRouter where that is allowed, also with the key of the edge's own environment", async () => {
    const ofVariable = (id: string, kind: string, environment_variable: string) =>
      credential(id, kind, { environment_variable });
    // LiteLLM has it, and the edge has not.
    const litellms = ofVariable('cred_of_litellm', 'openai', 'OPENAI_API_KEY');
    await save('platform', litellms, ofVariable('cred_of_env', 'openrouter', 'OPENROUTER_API_KEY'));
    await settled();
    expect(route(await chat())).toBe('openrouter');
    await save('platform', litellms, credential('cred_platform_router', 'openrouter'));
    await settled();
    expect(route(await chat())).toBe('openrouter');
    expect(openrouter.calls().map(({ apiKey }) => apiKey)).toEqual([
      `sk-${canary}-of-the-edge`,
      secretOf('cred_platform_router'),
    ]);
    for (const forbidden of [
      { credential_policy: 'byok_only' },
      { routing: { openrouter_fallback: 'own_key' } },
      { routing: { openrouter_fallback: 'off' } },
    ]) {
      await setWorkspace(forbidden);
      await settled();
      expect((await chat()).status).toBeGreaterThanOrEqual(400);
    }
    expect(openrouter.calls()).toHaveLength(2);
  });

  it('never uses a key that its owner switched off, not even one in memory', async () => {
    const openai = credential('cred_own_openai', 'openai');
    await setWorkspace({ routing: { direct_fallback: false } });
    await save('ws_1', openai, credential('cred_own_router', 'openrouter'));
    await settled();
    expect(route(await chat())).toBe('openrouter');
    await save('ws_1', openai, credential('cred_own_router', 'openrouter', { state: 'invalid' }));
    await settled();
    expect((await chat()).status).toBeGreaterThanOrEqual(400);
    await save('ws_1', openai);
    await settled();
    expect((await chat()).status).toBeGreaterThanOrEqual(400);
    expect(openrouter.calls()).toHaveLength(1);
  });

  it('tells a client honestly where there is no way', async () => {
    await save('platform', credential('cred_platform_router', 'openrouter'), credential('cred_x', 'google'));
    await settled();
    const alone = await chat({ model: 'alone' });
    expect([alone.status, (await errorOf(alone)).code]).toEqual([503, expect.any(String)]);
    const rerank = await client.post('/v1/rerank', { model: 'smart', query: 'x', documents: ['y'] });
    expect(rerank.status).toBeGreaterThanOrEqual(400);
    expect([openrouter.calls(), provider.calls()]).toEqual([[], []]);
  });

  it('reaches an address that a tenant named only if it may be called', async () => {
    saved['cred_own_private'] = { ownerKey: 'ws_1', baseUrl: provider.baseUrl };
    await save('ws_1', credential('cred_own_private', 'openai'));
    await settled();
    // The tests' edge allows 127.0.0.1, but no other private address.
    expect(route(await chat())).toBe('direct');
    saved['cred_own_private'] = {
      ownerKey: 'ws_1',
      baseUrl: provider.baseUrl.replace('127.0.0.1', '127.0.0.2'),
    };
    await save('ws_1', credential('cred_own_private', 'openai'));
    await settled();
    const refused = await chat();
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(await refused.text()).not.toContain('127.0.0.2');
    expect(provider.calls()).toHaveLength(1);
  });

  it('has the keys of its callers at hand when the API goes down together with LiteLLM', async () => {
    await save('ws_1', credential('cred_own_claude', 'anthropic'), credential('cred_own_openai', 'openai'));
    await settled();
    const fresh = await app.createKey();
    const early = new EdgeClient(app.url, fresh.value);
    // No way is needed for this one, and still its owner's keys are fetched, if they were not for the marker's call before it.
    await early.post('/v1/chat/completions', { model: 'keyless', messages });
    await waitUntil(() => asked.some(({ credentialId }) => credentialId === 'cred_own_claude'), {
      // After a broker that was late once there is a pause of up to five seconds.
      deadlineMs: 10_000,
      what: 'the keys to be fetched',
    });
    brokerServer.closeAllConnections();
    await new Promise((resolve) => brokerServer.close(resolve));
    try {
      const message = await early.anthropic.messages.create({ model: 'claude', messages, max_tokens: 9 });
      expect(message.content[0]?.type).toBe('text');
    } finally {
      await new Promise<void>((resolve) => brokerServer.listen(brokerPort, '127.0.0.1', resolve));
    }
  });

  it('shows no key to anybody', async () => {
    await save('ws_1', credential('cred_own_router', 'openrouter'), credential('cred_own_openai', 'openai'));
    await settled();
    openrouter.misbehave({ kind: 'error', code: 401, message: `bad key ${secretOf('cred_own_router')}` });
    provider.misbehave({ kind: 'error', status: 500, message: `oh ${secretOf('cred_own_openai')}` });
    const refused = await chat();
    const seen = (await refused.text()) + JSON.stringify(Object.fromEntries(refused.headers));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(seen).not.toContain(canary);
    expect(app.logs.length).toBeGreaterThan(0);
    expect(JSON.stringify([app.logs, brokerLogs])).not.toContain(canary);
  });
});
