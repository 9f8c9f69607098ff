import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createByokWorkspace, makeProviderKey } from '../support/e2e/byok-workspaces';
import { byokProviders, createModel, loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { applySuccessfully } from '../support/e2e/releases';
import { rotateQuickly } from '../support/e2e/rotations';
import {
  huntCommandLines,
  huntDatabase,
  huntFiles,
  huntRedis,
  ownerOnlyProblems,
  searchedFileCount,
  type Needles,
} from '../support/e2e/secret-hunt';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import { readSecretFile, type E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

const openapiPath = join(__dirname, '..', '..', 'openapi.json');

/** Secrets are used in every way that might leak one, then looked for wherever something is written down. */
describe('secrets', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let needles: Needles;
  let shown: string;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'secrets');
    const values = await useVirtualKeys();
    await useProviderKey();
    const ownKeys = await useOwnProviderKeys();
    await causeErrors([...Object.values(values), ...Object.values(ownKeys)]);
    const { facts } = stack;
    needles = {
      ...values,
      ...ownKeys,
      ...encoded(ownKeys),
      ...facts.provider_keys,
      ...rings({ signing: facts.context_signing_keys, encryption: facts.encryption_keys }),
      admin_token: readSecretFile(facts.admin_token_file),
      first_key: readSecretFile(facts.virtual_key_file),
      master_key: facts.litellm_master_key,
      internal_token: facts.internal_token,
      broker_token: facts.broker_token,
      fingerprint_key: facts.fingerprint_key,
      database_password: new URL(facts.app_database_url).password,
      redis_password: new URL(facts.redis_url).password,
    };
    shown = await everythingThatIsShown();
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  async function useVirtualKeys(): Promise<Record<string, string>> {
    const created = await stack.api.createKey(tenant.workspaceId, { key_alias: 'canary' });
    const headers = { 'idempotency-key': `canary-${process.pid}-${Date.now()}` };
    const idempotent = await stack.api.createKey(tenant.workspaceId, {}, headers);
    await stack.api.createKey(tenant.workspaceId, {}, headers);
    const rotated = await stack.api.rotateKey(created.id, '1h');
    const token = await stack.api.post<{ token: string }>('/service-tokens', {
      name: 'canary',
      organization_id: tenant.organizationId,
      scopes: ['keys:read'],
    });
    for (const key of [created.key, rotated.key])
      await stack.chat.expectAnswer({ key, model: loopback.chat });
    await stack.api.revokeKey(idempotent.id);
    const values = { created: created.key, idempotent: idempotent.key, rotated: rotated.key };
    return { ...values, service_token: token.token };
  }

  /** The platform's OPENAI_API_KEY, made up for this run, is really sent to the provider. */
  async function useProviderKey(): Promise<void> {
    const canary = stack.facts.provider_keys['OPENAI_API_KEY'] ?? '';
    const { data } = await stack.api.get<{ data: { id: string; kind: string; base_url: string | null }[] }>(
      '/llm/providers?limit=200',
    );
    const openai = data.find(({ kind, base_url: baseUrl }) => kind === 'openai' && baseUrl === null);
    const model = await createModel(
      stack,
      `canary-${tenant.workspaceId}`,
      'chat',
      openai?.id ?? '',
      'gpt-4o-mini',
      {},
      provider.baseUrl,
    );
    await applySuccessfully(stack);
    const { key } = await stack.api.createKey(tenant.workspaceId, {});
    provider.requests.length = 0;
    await stack.chat.expectAnswer({ key, model: model.name });
    expect(provider.calls().map(({ apiKey }) => apiKey)).toEqual([canary]);
    provider.misbehave({ kind: 'error', status: 401, message: `Incorrect API key provided: ${canary}` });
    const refused = await stack.chat.send({ key, model: model.name });
    expect(JSON.stringify(refused)).not.toContain(canary);
    provider.misbehave({ kind: 'error', status: 500, message: 'provider failed' });
    await stack.chat.send({ key, model: model.name });
    provider.behave();
    await stack.api.delete(`/llm/models/${model.id}`);
    await waitUntil(() => isLogged(refused.headers['x-request-id']), {
      deadlineMs: 45_000,
      what: "LiteLLM's own log of the refused call, with whatever it holds",
      pollEveryMs: 250,
    });
  }

  /** Saved, checked, refused, used, rotated, revealed, tried out, switched off and deleted; and a webhook's secret. */
  async function useOwnProviderKeys(): Promise<Record<string, string>> {
    const workspace = await createByokWorkspace(stack, 'canary', { policy: 'byok_only', hasOwnKeys: true });
    const { api } = stack;
    const { key } = workspace.virtualKey;
    const owner = { workspace_id: workspace.workspaceId };
    const webhook = await api.post<{ secret: string }>('/webhooks', {
      organization_id: workspace.organizationId,
      url: `${provider.origin}/hooks`,
    });
    const rotated = makeProviderKey('openai', 'canaryrotated');
    const refused = makeProviderKey('openai', 'canaryrefused');
    const tried = makeProviderKey('openai', 'canarytried');
    const odd = `\${${makeProviderKey('openai', 'canaryodd')}}`;
    const { id = '' } = workspace.credentials.openai ?? {};
    await stack.chat.expectAnswer({ key, model: loopback.keyedChat });

    await rotateQuickly(stack, id, rotated);
    await stack.chat.expectAnswer({ key, model: loopback.keyedChat });
    await api.request('POST', `/credentials/${id}/reveal`, { body: { reason: 'canary' } });

    provider.misbehave({ kind: 'error', status: 401, message: `Incorrect API key provided: ${rotated}` });
    await stack.chat.send({ key, model: loopback.keyedChat });
    await stack.chat.send({ key, model: loopback.keyedChat, isStreamed: true });
    await api.request('POST', `/credentials/${id}/validate`);
    provider.behave();
    provider.misbehave({ kind: 'error', status: 401, message: `Incorrect API key provided: ${refused}` });
    const other = { organization_id: workspace.organizationId, provider: byokProviders.openai };
    const dead = await api.createCredential({ ...other, api_key: refused });
    await api.request('POST', '/llm/test', { body: { provider: byokProviders.openai, api_key: tried } });
    provider.behave();
    await api.request('POST', '/credentials', {
      body: { ...owner, provider: byokProviders.openai, api_key: odd },
    });
    await api.request('POST', '/credentials', {
      body: { ...owner, provider: byokProviders.openai, api_key: tried },
      headers: { 'idempotency-key': `canary-own-${process.pid}-${Date.now()}` },
    });
    await api.post(`/credentials/${id}/disable`);
    await api.delete(`/credentials/${dead.id}`);
    return {
      own_openai: workspace.providerKeys.openai ?? '',
      own_anthropic: workspace.providerKeys.anthropic ?? '',
      own_rotated: rotated,
      own_refused: refused,
      own_tried: tried,
      own_odd: odd,
      webhook_secret: webhook.secret,
    };
  }

  /** As base64 a value stands three ways in a text, by where it begins. */
  function encoded(values: Readonly<Record<string, string>>): Record<string, string> {
    const inside = (value: string, offset: number): string =>
      Buffer.from(' '.repeat(offset) + value)
        .toString('base64')
        .slice(4, -4);
    return Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) =>
        [0, 1, 2].map((offset) => [`${name} (base64 ${offset})`, inside(value, offset)]),
      ),
    );
  }

  async function isLogged(requestId: string | undefined): Promise<boolean> {
    const sql = 'SELECT request_id FROM "LiteLLM_SpendLogs" WHERE litellm_call_id = $1';
    return (await stack.stores.litellmQuery(sql, [requestId])).length > 0;
  }

  /** Requests that fail with a secret in an odd place. */
  async function causeErrors(values: readonly string[]): Promise<void> {
    for (const value of values) {
      await stack.api.request('POST', '/keys', { rawBody: `{"key_alias": "${value}` });
      await stack.api.request('POST', '/keys', { body: { workspace_id: value, unknown: value } });
      await stack.api.request('GET', `/keys/${value}`);
      await stack.api.request('GET', '/whoami', { token: `${value}x` });
      await stack.api.request('POST', '/keys', { body: {}, headers: { 'idempotency-key': `${value} ` } });
      await fetch(`${stack.facts.edge_url}/v1/models?api_key=${value}`);
      await fetch(`${stack.facts.edge_url}/v1/${value}`, { headers: { authorization: `Bearer ${value}` } });
      await stack.chat.send({ key: `${value}x`, model: loopback.chat });
      await stack.litellm.request({
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${value}` },
        body: { model: loopback.chat, messages: [] },
      });
    }
  }

  /** The answers of all GET routes that need no id. */
  async function everythingThatIsShown(): Promise<string> {
    const { paths } = JSON.parse(readFileSync(openapiPath, 'utf8')) as {
      paths: Record<string, { get?: object }>;
    };
    const listPaths = Object.entries(paths).filter(([path, { get }]) => get && !path.includes('{'));
    const prefix = '/api/v1';
    const answers = listPaths
      .filter(([path]) => path.startsWith(prefix))
      .map(([path]) => stack.api.request('GET', path.slice(prefix.length)));
    const shown = await Promise.all(answers);
    expect(shown.filter(({ status }) => status === 200).length).toBeGreaterThan(8);
    return JSON.stringify(shown);
  }

  function litellmAdminUrl(): string {
    const url = new URL(stack.facts.database_url);
    url.pathname = new URL(stack.facts.litellm_database_url).pathname;
    return url.toString();
  }

  function rings(texts: Record<string, string>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(texts).flatMap(([name, text]) =>
        text.split(',').map((entry, index) => [`${name}_${index}`, entry.split(':')[1] ?? '']),
      ),
    );
  }

  it('are what is being looked for, and enough of them', () => {
    expect(Object.values(needles).filter((value) => value.length < 16)).toEqual([]);
    expect(Object.keys(needles).length).toBeGreaterThanOrEqual(12);
    expect(searchedFileCount(stack.facts.data_dir)).toBeGreaterThan(10);
  });

  it('would be found: what is no secret is found in every place that is searched', async () => {
    const plain = { workspace: tenant.workspaceId };
    expect(await huntDatabase(stack.facts.database_url, plain)).not.toEqual([]);
    expect(await huntDatabase(litellmAdminUrl(), plain)).not.toEqual([]);
    expect(await huntRedis(stack, plain)).not.toEqual([]);
    expect(huntFiles(stack.facts.data_dir, { level: '"level":"' })).not.toEqual([]);
    expect(huntCommandLines({ path: 'dist/apps/edge' })).not.toEqual([]);
  });

  it('stand in no log, release or other file of the data folder', () => {
    expect(huntFiles(stack.facts.data_dir, needles)).toEqual([]);
  });

  it('are kept in files that only their owner can read', () => {
    expect(ownerOnlyProblems(stack.facts.data_dir)).toEqual([]);
  });

  it("stand in no row of Signalbox's database: audit, idempotency, outbox, attempts and all others", async () => {
    expect(await huntDatabase(stack.facts.database_url, needles)).toEqual([]);
  });

  it("stand in no row of LiteLLM's database", async () => {
    expect(await huntDatabase(litellmAdminUrl(), needles)).toEqual([]);
  });

  it('stand in no key of Redis: projection, jobs, streams', async () => {
    expect(await huntRedis(stack, needles)).toEqual([]);
  });

  it('stand on no command line', () => {
    expect(huntCommandLines(needles)).toEqual([]);
  });

  it('are in nothing that the admin API shows', () => {
    expect(
      Object.entries(needles)
        .filter(([, value]) => shown.includes(value))
        .map(([name]) => name),
    ).toEqual([]);
  });
});
