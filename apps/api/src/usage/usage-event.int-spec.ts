import { newId } from '@signalbox/common';
import { UsageEventEntity } from '@signalbox/database';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { UsageEventListView, UsageEventView } from './usage-event.dto';

const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const organizationId = newId('organization');
const otherId = newId('organization');
const workspaceId = newId('workspace');
const keyId = newId('virtualKey');
const serviceId = newId('service');

let api: ApiApp;
let token: string;
let platform: string;
/** Oldest first. */
const ids: string[] = [];

async function seed(seconds: number, more: Partial<UsageEventEntity> = {}): Promise<string> {
  const requestId = newId('request');
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(UsageEventEntity, {
      requestId,
      organizationId,
      workspaceId: newId('workspace'),
      virtualKeyId: newId('virtualKey'),
      callType: 'chat_completions',
      statusCode: 200,
      complete: true,
      usageSource: 'none',
      edgeId: 'edge-1',
      startedAt: new Date(startMs + seconds * 1_000),
      endedAt: new Date(startMs + seconds * 1_000 + 250),
      ...more,
    } as object),
  );
  return requestId;
}

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken({ organizationId, scopes: ['usage:read'] });
  platform = await api.createToken();
  const attempt = {
    route: 'litellm',
    model: 'smart',
    provider: 'openai',
    deployment_id: 'dep_1',
    credential_id: null,
    status: 503,
    failure: 'server_error',
    started_at_ms: startMs,
    duration_ms: 12,
  };
  const full = {
    workspaceId,
    virtualKeyId: keyId,
    serviceId,
    modelRequested: 'smart',
    modelUsed: 'fast',
    route: 'openrouter',
    fallbackReason: 'litellm_down',
    attempts: [attempt, { ...attempt, purpose: 'classification', cost_nano_usd: 5 }],
    promptTokens: '12',
    usageSource: 'provider',
    providerCostNanoUsd: '420000',
    costNanoUsd: '400000',
    prices: { input: 2_500_000, output: null, cache_read: null, cache_write: null, request: null },
    powerLevel: 'eco',
    firstByteAt: new Date(startMs + 100),
  };
  ids.push(await seed(0, full));
  ids.push(await seed(10, { statusCode: 429, complete: false, errorCode: 'rate_limit_exceeded' }));
  ids.push(await seed(20, { modelRequested: 'fast', modelUsed: 'fast', route: 'litellm' }));
  // Two of the same millisecond.
  ids.push(await seed(30), await seed(30));
  await seed(40, { organizationId: otherId });
});
afterAll(() => api.close());

const list = async (query = '', as = token): Promise<string[]> => {
  const answer = await api.call<UsageEventListView>('GET', `/api/v1/usage/events?${query}`, { token: as });
  expect(answer.status).toBe(200);
  return answer.body.data.map(({ request_id }) => request_id);
};

describe('usage events', () => {
  it("are listed newest first, the caller's own only", async () => {
    const own = await list();
    expect([...own].sort()).toEqual([...ids].sort());
    expect(own.slice(2)).toEqual([ids[2], ids[1], ids[0]]);
    expect(await list('', platform)).toHaveLength(6);
    expect(await list(`organization_id=${otherId}`)).toEqual([]);
    expect(await list(`organization_id=${otherId}`, platform)).toHaveLength(1);
  });

  it('come page by page, each once, also those of the same moment', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await api.call<UsageEventListView>('GET', `/api/v1/usage/events?limit=1${cursor}`, {
        token,
      });
      seen.push(...body.data.map(({ request_id }) => request_id));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(await list());
  });

  it.each<[string, () => string, number[]]>([
    ['workspace', () => `workspace_id=${workspaceId}`, [0]],
    ['key', () => `virtual_key_id=${keyId}`, [0]],
    ['service', () => `service_id=${serviceId}`, [0]],
    ['model that was asked for or that answered', () => 'model=fast', [2, 0]],
    ['route', () => 'route=openrouter', [0]],
    ['status', () => 'status_code=429', [1]],
    ['request', () => `request_id=${ids[2]}`, [2]],
    ['time', () => 'from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:30Z', [2, 1]],
    ['several of these', () => `model=fast&route=openrouter&limit=1`, [0]],
  ])('are filtered by %s', async (_what, query, expected) => {
    expect(await list(query())).toEqual(expected.map((index) => ids[index]));
  });

  it('are filtered on each page', async () => {
    const first = await api.call<UsageEventListView>(
      'GET',
      '/api/v1/usage/events?limit=1&to=2026-01-01T00:00:25Z&request_id=' + ids[2],
      { token },
    );
    expect(first.body.next_cursor).toBeNull();
    const page = await api.call<UsageEventListView>('GET', '/api/v1/usage/events?limit=1&model=fast', {
      token,
    });
    expect(await list(`limit=1&model=fast&cursor=${page.body.next_cursor}`)).toEqual([ids[0]]);
  });

  it.each([
    'route=other',
    'status_code=9',
    'from=yesterday',
    'workspace_id=x',
    'request_id=%27',
    'organisation=x',
  ])('are not filtered by nonsense: %s', async (query) => {
    expect((await api.call('GET', `/api/v1/usage/events?${query}`, { token })).status).toBe(400);
  });

  it('are shown whole', async () => {
    const { body } = await api.call<UsageEventView>('GET', `/api/v1/usage/events/${ids[0]}`, { token });
    expect(body).toMatchObject({
      request_id: ids[0],
      organization_id: organizationId,
      service_id: serviceId,
      model_requested: 'smart',
      model_used: 'fast',
      route: 'openrouter',
      fallback_reason: 'litellm_down',
      prompt_tokens: 12,
      provider_cost_usd: 0.00042,
      cost_usd: '0.0004',
      prices: { input: 2_500_000, output: null },
      power_level: 'eco',
      started_at: '2026-01-01T00:00:00.000Z',
      first_byte_at: '2026-01-01T00:00:00.100Z',
      ended_at: '2026-01-01T00:00:00.250Z',
      attempts: [
        { model: 'smart', status: 503, failure: 'server_error', started_at: '2026-01-01T00:00:00.000Z' },
        { purpose: 'classification', cost_usd: '0.000000005' },
      ],
    });
  });

  it('of others, or of nobody, are not found', async () => {
    const [foreign] = await list(`organization_id=${otherId}`, platform);
    for (const id of [foreign, newId('request'), 'x']) {
      const answer = await api.call<{ code: string }>('GET', `/api/v1/usage/events/${id}`, { token });
      expect([answer.status, answer.body.code]).toEqual([404, 'usage_event_not_found']);
    }
  });
});
