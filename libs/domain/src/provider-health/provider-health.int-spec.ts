import { newId } from '@signalbox/common';
import { DeploymentEntity, ModelEntity, ProviderEntity, WebhookEntity } from '@signalbox/database';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { performanceKey } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import { faults, hashOfKey } from '../../../../test/stand-ins/provider-validation.stand-in';
import { VendorStandIn } from '../../../../test/stand-ins/vendor.stand-in';
import { type CheckWorld, newSecret, openCheckWorld } from '../../../../test/support/check-world';
import { ProviderHealthService } from './provider-health.service';

const minuteMs = 60_000;

interface Row {
  state: string;
  reason: string;
  source: string;
  detail: string;
  since: Date;
  probe_way: string;
  probe_outcome: string | null;
  requests: number | null;
}

let world: CheckWorld;
let vendor: VendorStandIn;
let service: ProviderHealthService;
let openaiKey: string;

beforeAll(async () => {
  world = await openCheckWorld();
  vendor = await VendorStandIn.start();
  service = world.api.get(ProviderHealthService);
  openaiKey = newSecret();
  await world.addKey(openaiKey, { row: { state: 'verified' } });
  await world.api.database.transactions.run('platform', (manager) =>
    manager.insert(WebhookEntity, {
      id: newId('webhook'),
      organizationId: null,
      url: 'http://127.0.0.1:9/',
      sealedSecret: 'sealed',
      createdBy: 'test',
    }),
  );
});
beforeEach(async () => {
  world.provider.reset();
  world.provider.setKey(openaiKey, 'good');
  world.clock.advanceMs(10 * minuteMs);
  await world.api.get<Redis>(REDIS).del(performanceKey(world.api.get(REDIS_PREFIX)));
});
afterAll(async () => {
  await vendor.close();
  await world.close();
});

const refresh = (): Promise<number> => service.refresh(new AbortController().signal);
const query = <Found>(sql: string, values: unknown[]): Promise<Found[]> =>
  world.api.database.transactions.run('platform', (manager) => manager.query(sql, values));

async function healthOf(kind: string): Promise<Row> {
  const rows = await query<Row>(
    'SELECT health.* FROM provider_health health JOIN providers ON providers.id = provider_id WHERE kind = $1',
    [kind],
  );
  return rows[0]!;
}

async function addProvider(kind: string, baseUrl: string | null): Promise<string> {
  const id = newId('provider');
  await world.api.database.transactions.run('platform', (manager) =>
    manager.insert(ProviderEntity, { id, name: `health ${kind}`, kind, baseUrl }),
  );
  return id;
}

/** As an edge would write it. */
async function edgeSaw(providerId: string, calls: number, failed: number): Promise<void> {
  const [modelId, id] = [newId('model'), newId('deployment')];
  await world.api.database.transactions.run('platform', async (manager) => {
    await manager.insert(ModelEntity, { id: modelId, name: `health-${id}` });
    await manager.insert(DeploymentEntity, { id, modelId, providerId, upstreamModel: 'x' });
  });
  const document = { v: 1, at_ms: world.clock.nowMs(), deployments: { [id]: [calls, 300, failed] } };
  await world.api
    .get<Redis>(REDIS)
    .hset(performanceKey(world.api.get(REDIS_PREFIX)), `edge-${id}`, JSON.stringify(document));
}

const noticesOf = async (name: string): Promise<string[]> => {
  const rows = await query<{ event_type: string }>(
    `SELECT event_type FROM webhook_deliveries WHERE payload::text LIKE $1 ORDER BY created_at, id`,
    [`%"name": "${name}"%`],
  );
  return rows.map(({ event_type }) => event_type);
};

it("asks with the platform's key, and again only when it is time", async () => {
  await refresh();
  expect(await healthOf('openai')).toMatchObject({
    state: 'healthy',
    reason: 'check_passed',
    source: 'probe',
    probe_way: 'key',
    probe_outcome: 'valid',
  });
  expect(world.provider.requests.map(({ keyHash }) => keyHash)).toEqual([hashOfKey(openaiKey)]);
  world.clock.advanceMs(minuteMs);
  await refresh();
  expect(world.provider.requests).toHaveLength(1);
  world.clock.advanceMs(3 * minuteMs);
  await refresh();
  expect(world.provider.requests).toHaveLength(2);
});

it('is unhealthy after two failed checks, says since when, and tells of each change once', async () => {
  await refresh();
  world.provider.misbehave(faults.badGateway);
  world.clock.advanceMs(4 * minuteMs);
  const firstFailureAt = world.clock.now();
  await refresh();
  expect(await healthOf('openai')).toMatchObject({ state: 'degraded', since: firstFailureAt });
  world.clock.advanceMs(minuteMs);
  const secondFailureAt = world.clock.now();
  await refresh();
  world.clock.advanceMs(minuteMs);
  await refresh();
  expect(await healthOf('openai')).toMatchObject({
    state: 'unhealthy',
    reason: 'check_failed',
    since: secondFailureAt,
  });
  world.provider.reset();
  world.provider.setKey(openaiKey, 'good');
  world.clock.advanceMs(minuteMs);
  await refresh();
  expect((await healthOf('openai')).state).toBe('healthy');
  expect(await noticesOf('openai')).toEqual([
    'provider.degraded',
    'provider.unhealthy',
    'provider.recovered',
  ]);
});

it("never tries a customer's key: without one of the platform's, calls alone speak", async () => {
  const organizationId = await world.addOrganization();
  const own = newSecret();
  world.provider.setKey(own, 'good');
  await world.addKey(own, { organizationId, kind: 'groq', row: { state: 'verified' } });
  await refresh();
  expect(world.provider.countOf(own)).toBe(0);
  expect(await healthOf('groq')).toMatchObject({
    state: 'unknown',
    reason: 'nothing_known',
    source: 'none',
    probe_way: 'none',
  });
  const [{ provider_id: groq } = { provider_id: '' }] = await query<{ provider_id: string }>(
    "SELECT id AS provider_id FROM providers WHERE kind = 'groq'",
    [],
  );
  await edgeSaw(groq, 20, 12);
  await refresh();
  expect(await healthOf('groq')).toMatchObject({ state: 'unhealthy', reason: 'calls_fail', requests: 20 });
});

it('says of the built-in demo that nobody is behind it', async () => {
  await addProvider('demo', null);
  await refresh();
  expect(await healthOf('demo')).toMatchObject({
    state: 'unknown',
    reason: 'nothing_known',
    detail: expect.stringContaining('Its answers are canned and come from LiteLLM itself') as string,
  });
});

it('sees that a server is there by its route of liveness, with nobody', async () => {
  await addProvider('vllm', vendor.baseUrl('vllm'));
  await addProvider('ollama', 'http://127.0.0.1:9');
  await refresh();
  expect(await healthOf('vllm')).toMatchObject({ state: 'healthy', probe_way: 'liveness' });
  expect(vendor.requests).toMatchObject([{ path: '/vllm/health', keyHash: null }]);
  expect(await healthOf('ollama')).toMatchObject({ state: 'degraded', probe_outcome: 'unreachable' });
});

it('lets calls speak while the check fails, and forgets old figures', async () => {
  const id = await addProvider('mistral', null);
  await edgeSaw(id, 30, 0);
  await refresh();
  expect(await healthOf('mistral')).toMatchObject({ state: 'healthy', source: 'traffic' });
  world.clock.advanceMs(6 * minuteMs);
  await refresh();
  expect(await healthOf('mistral')).toMatchObject({
    state: 'unknown',
    reason: 'nothing_known',
    requests: null,
  });
});

it('goes on by checks alone while Redis cannot be read', async () => {
  const redis = world.api.get<Redis>(REDIS);
  jest.spyOn(redis, 'hvals').mockRejectedValueOnce(new Error('Connection is closed.'));
  await refresh();
  expect(await healthOf('openai')).toMatchObject({ state: 'healthy', source: 'probe' });
});

it('is shown with each provider, and to a customer without what a check said', async () => {
  await refresh();
  const [token, tenantToken] = [
    await world.api.createToken(),
    await world.api.createToken({ organizationId: await world.addOrganization() }),
  ];
  const { id } = (await query<{ id: string }>("SELECT id FROM providers WHERE kind = 'openai'", []))[0]!;
  const path = `/api/v1/llm/providers/${id}/health`;
  const shown = await world.api.call<Record<string, unknown>>('GET', path, { token });
  expect(shown).toMatchObject({
    status: 200,
    body: { provider_id: id, probe: 'key', probe_outcome: 'valid' },
  });
  const hidden = await world.api.call<Record<string, unknown>>('GET', path, { token: tenantToken });
  expect(hidden).toMatchObject({ status: 200, body: { detail: null, probe_outcome: null } });
  const listed = await world.api.call<{ data: { id: string; health: object }[] }>(
    'GET',
    '/api/v1/llm/providers?kind=openai',
    { token },
  );
  expect(listed.body.data[0]?.health).toMatchObject({ since: expect.any(String) as string });
});
