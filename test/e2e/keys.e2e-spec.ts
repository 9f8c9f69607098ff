import { generateVirtualKeyValue } from '@signalbox/gateway';
import type { ChatOutcome } from '../support/e2e/chat-client';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

/** What the edge does with a key follows the admin API's word at once: no test here waits before it asks. */
describe('virtual keys, from the admin API to the edge', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'keys');
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const chat = (key: string, model: string = loopback.chat): Promise<ChatOutcome> =>
    stack.chat.send({ key, model });
  const verdict = async (key: string, model?: string): Promise<[number, string | null]> => {
    const { status, code } = await chat(key, model);
    return [status, code];
  };

  it('answers with a key in the moment in which it was made', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId, { key_alias: 'first answer' });
    expect((await chat(key)).problem).toBeNull();
  });

  it('shows the value once, and stores and lists only what cannot be used', async () => {
    const created = await stack.api.createKey(tenant.workspaceId, { key_alias: 'shown once' });
    expect(created.key).toMatch(/^sk-sb-/);
    const shown = JSON.stringify([
      await stack.api.getKey(created.id),
      await stack.api.get(`/keys?workspace_id=${tenant.workspaceId}&limit=200`),
    ]);
    expect(shown).toContain(created.id);
    expect(shown).not.toContain(created.key);
  });

  it('takes the key as a bearer token and as x-api-key', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId);
    const response = await fetch(`${stack.facts.edge_url}/v1/models`, { headers: { 'x-api-key': key } });
    expect(response.status).toBe(200);
  });

  it('tells a mistyped key from an unknown and a missing one', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId);
    const last = key.endsWith('0') ? '1' : '0';
    expect(await verdict(key.slice(0, -1) + last)).toEqual([401, 'key_malformed']);
    expect(await verdict(generateVirtualKeyValue())).toEqual([401, 'key_unknown']);
    const response = await fetch(`${stack.facts.edge_url}/v1/models`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'key_missing' } });
  });

  it('refuses a revoked key in the moment in which it was revoked, and for good', async () => {
    const { id, key } = await stack.api.createKey(tenant.workspaceId);
    expect((await chat(key)).problem).toBeNull();
    await stack.api.revokeKey(id);
    expect(await verdict(key)).toEqual([401, 'key_revoked']);
    const again = await stack.api.request('POST', `/keys/${id}/rotate`, { body: { overlap: '1h' } });
    expect([again.status, again.body]).toEqual([
      409,
      expect.objectContaining({ code: 'virtual_key_revoked' }),
    ]);
  });

  it('refuses a deleted key', async () => {
    const { id, key } = await stack.api.createKey(tenant.workspaceId);
    await stack.api.delete(`/keys/${id}`);
    expect(await verdict(key)).toEqual([401, 'key_deleted']);
    expect((await stack.api.request('GET', `/keys/${id}`)).status).toBe(404);
  });

  it('rotates: both values during the overlap, then only the new one', async () => {
    const first = await stack.api.createKey(tenant.workspaceId, { key_alias: 'rotated' });
    const second = await stack.api.rotateKey(first.id, '2s');
    expect(second.key).not.toBe(first.key);
    expect((await chat(first.key)).problem).toBeNull();
    expect((await chat(second.key)).problem).toBeNull();
    await waitUntil(async () => (await chat(first.key)).status === 401, {
      deadlineMs: 10_000,
      what: 'the end of the overlap',
    });
    expect((await chat(second.key)).problem).toBeNull();
  });

  it('ends a key at its expiry', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId, { duration: '2s' });
    expect((await chat(key)).problem).toBeNull();
    await waitUntil(async () => (await chat(key)).code === 'key_expired', {
      deadlineMs: 10_000,
      what: 'the expiry of the key',
    });
  });

  it('holds the allowlist of the key and of its workspace', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId, { models: [loopback.embedding] });
    expect(await verdict(key)).toEqual([403, 'model_not_allowed']);
    const listed = await fetch(`${stack.facts.edge_url}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { data } = (await listed.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual([loopback.embedding]);

    const narrow = await stack.api.createWorkspace(tenant.organizationId, 'narrow', {
      models: [loopback.embedding],
    });
    const wide = await stack.api.createKey(narrow.id, { models: [] });
    expect(await verdict(wide.key)).toEqual([403, 'model_not_allowed']);
  });

  it('blocks and unblocks at once: the key, its workspace, its organization', async () => {
    const own = await createTenant(stack, 'blocks');
    const { id, key } = await stack.api.createKey(own.workspaceId);
    const places: [string, string][] = [
      [`/keys/${id}`, 'key_blocked'],
      [`/workspaces/${own.workspaceId}`, 'workspace_blocked'],
      [`/organizations/${own.organizationId}`, 'organization_blocked'],
    ];
    for (const [path, code] of places) {
      await stack.api.patch(path, { blocked: true });
      expect(await verdict(key)).toEqual([403, code]);
      await stack.api.patch(path, { blocked: false });
      expect((await chat(key)).problem).toBeNull();
    }
  });

  it('makes one key from one Idempotency-Key, and shows the same value again', async () => {
    const headers = { 'idempotency-key': `e2e-${process.pid}-${performance.now()}` };
    const first = await stack.api.createKey(tenant.workspaceId, { key_alias: 'once' }, headers);
    const second = await stack.api.createKey(tenant.workspaceId, { key_alias: 'once' }, headers);
    expect([second.id, second.key]).toEqual([first.id, first.key]);
    const other = await stack.api.request('POST', '/keys', {
      body: { workspace_id: tenant.workspaceId, key_alias: 'another' },
      headers,
    });
    expect([other.status, other.body]).toEqual([
      422,
      expect.objectContaining({ code: 'idempotency_key_reused' }),
    ]);
  });

  it('refuses what clients must not set', async () => {
    const { key } = await stack.api.createKey(tenant.workspaceId);
    provider.requests.length = 0;
    for (const field of ['api_key', 'api_base', 'user_config', 'mock_response', 'fallbacks']) {
      const response = await fetch(`${stack.facts.edge_url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: loopback.chat, messages: [], [field]: 'x' }),
      });
      expect([field, response.status, await response.json()]).toEqual([
        field,
        400,
        { error: expect.objectContaining({ code: 'field_forbidden' }) },
      ]);
    }
    expect(provider.calls()).toHaveLength(0);
  });
});
