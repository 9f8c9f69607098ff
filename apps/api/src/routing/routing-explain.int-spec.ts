import { newId } from '@signalbox/common';
import { ConfigReleaseEntity } from '@signalbox/database';
import { ProjectionService, ProjectionRebuildService } from '@signalbox/domain/projection';
import {
  breakerName,
  breakersKey,
  noCalls,
  performanceKey,
  unknownFacts,
  writeBreakerNews,
  writePerformance,
} from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import type { RoutingExplanationView } from './explain.view';

interface Problem {
  code: string;
  detail: string;
  errors?: { field: string }[];
}

/** Micro-dollars per million tokens are pico-dollars per token. */
const usdPerMillion = (input: number, output: number) => ({
  input: input * 1_000_000,
  output: output * 1_000_000,
  cache_read: null,
  cache_write: null,
  request: null,
});

const deployments = {
  small: { kind: 'groq', prices: usdPerMillion(0.1, 0.2), quality: 0.4 },
  medium: { kind: 'openai', prices: usdPerMillion(1, 2), quality: 0.7 },
  large: { kind: 'anthropic', prices: usdPerMillion(10, 30), quality: 0.95 },
  mute: { kind: 'mistral', prices: null, quality: null },
} as const;
type Name = keyof typeof deployments;
const names = Object.keys(deployments) as Name[];

let api: ApiApp;
let proxy: TcpProxy;
let redis: Redis;
let platform: string;
let tenant: string;
let organizationId: string;
let workspaceId: string;
let keyId: string;

const made = async (path: string, body: object): Promise<string> =>
  (await api.call<{ id: string }>('POST', `/api/v1/${path}`, { token: platform, body })).body.id;

beforeAll(async () => {
  proxy = await TcpProxy.start(process.env['TEST_REDIS_URL'] ?? '');
  api = await openApiApp({ config: { redisUrl: proxy.url } });
  redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
  platform = await api.createToken();
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(ConfigReleaseEntity, {
      id: newId('configRelease'),
      number: 7,
      status: 'active',
      configYaml: '',
      configSha256: '',
      createdBy: 'test',
      models: names.map((name) => ({
        name,
        mode: 'chat' as const,
        is_demo: false,
        openrouter_id: `vendor/${name}`,
        deployment_ids: [`dep_${name}`],
        deployments: [
          {
            id: `dep_${name}`,
            provider_id: `prov_${deployments[name].kind}`,
            provider_kind: deployments[name].kind,
            needs_key: false,
            credential_id: null,
            weight: 1,
            order: 0,
          },
        ],
      })),
    }),
  );
  organizationId = await made('organizations', { name: 'Acme' });
  tenant = await api.createToken({ organizationId });
  workspaceId = await made('workspaces', { organization_id: organizationId, name: 'main' });
  keyId = await made('keys', { workspace_id: workspaceId, models: ['eco', 'balanced', 'small', 'large'] });
  await api.get(ProjectionRebuildService).ensureComplete();
  await api.get(ProjectionService).drainNow(['project.catalogue'], 'current');
  const facts = Object.fromEntries(
    names.map((name) => {
      const { prices, quality } = deployments[name];
      return [`dep_${name}`, { ...unknownFacts, prices, quality, price_source: 'test' }];
    }),
  );
  await redis.hset(
    `${api.config.redisPrefix}:projection`,
    'facts:current',
    JSON.stringify({ v: 3, deployments: facts }),
  );
});
afterEach(async () => {
  await redis.del(performanceKey(api.config.redisPrefix), breakersKey(api.config.redisPrefix));
  await put('', {}, platform);
  await put(`workspace_id=${workspaceId}`, {});
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
  await proxy.close();
});

const put = (query: string, rules: object, token = tenant) =>
  api.call('PUT', `/api/v1/llm/routing/rules?${query}`, { token, body: { rules } });
const ask = <Body = RoutingExplanationView>(body: object, token = tenant) =>
  api.call<Body>('POST', '/api/v1/llm/routing/explain', { token, body });
const message = { messages: [{ role: 'user', content: 'Say hello.' }] };
const explain = async (model: string, more: object = { workspace_id: workspaceId }, fields: object = {}) => {
  const answer = await ask({ request: { model, ...message, ...fields }, ...more });
  expect([answer.status, answer.body]).toMatchObject([200, {}]);
  return answer.body;
};
const order = ({ attempts }: RoutingExplanationView) => attempts.map(({ model }) => model);
const droppedOf = ({ candidates }: RoutingExplanationView) =>
  Object.fromEntries(candidates.flatMap(({ model, dropped }) => (dropped ? [[model, dropped]] : [])));

describe('a level', () => {
  it('is explained with every part of each score, and by why each other one was dropped', async () => {
    const answer = await explain('balanced', undefined, { max_tokens: 400 });
    expect(answer).toMatchObject({
      name: { asked: 'balanced', kind: 'level', name: 'balanced', power_level: 'balanced', is_alias: false },
      refusal: null,
      ordered_by: 'score',
      explores: false,
      needs: { max_answer_tokens: 400, expected_answer_tokens: 400, mode: 'chat', json: 'none' },
      rules: { weights: { cost: 0.4, latency: 0.4, quality: 0.2 }, max_cost_per_1k_usd: '0.01' },
      state: { release_number: 7, facts_version: 3 },
    });
    expect(order(answer)).toEqual(['small', 'medium']);
    expect(droppedOf(answer)).toEqual({ large: 'price_ceiling', mute: 'price_unknown' });
    const [first] = answer.candidates;
    const { score } = first!;
    expect(first).toMatchObject({
      place: 1,
      model: 'small',
      deployment_id: 'dep_small',
      provider: 'groq',
      credential: null,
      breaker: { state: 'closed' },
      performance: { first_byte_ms: null, error_rate: 0, calls: 0 },
      facts: { prices: { input_usd: '0.0000001', output_usd: '0.0000002', source: 'test' }, quality: 0.4 },
    });
    // The prompt by its length, 400 tokens of answer.
    const tokens = answer.needs.prompt_tokens;
    const expectedUsd = tokens * 0.0000001 + 400 * 0.0000002;
    expect(Number(score?.expected_cost_usd)).toBeCloseTo(expectedUsd, 8);
    const per1k = (expectedUsd * 1_000) / (tokens + 400);
    expect(score!.cost).toBeCloseTo(0.4 * (1 - per1k / 0.01), 5);
    expect(score!.latency).toBeCloseTo(0.4 * (1 - score!.first_byte_ms / 10_000), 10);
    expect(score!.quality).toBeCloseTo(0.2 * 0.4, 10);
    expect(score!.total).toBeCloseTo(score!.cost + score!.latency + score!.quality, 10);
    expect(answer.candidates.map(({ place }) => place)).toEqual([1, 2, null, null]);
  });

  it('follows a change of the rules at once, and says which level made it', async () => {
    await put('', { levels: { balanced: { models: ['medium'] } } }, platform);
    await put(`workspace_id=${workspaceId}`, { cascades: { balanced: ['large'] }, attempt_limit: 2 });
    const answer = await explain('balanced');
    expect(answer.attempts.map(({ model, source }) => [model, source])).toEqual([
      ['medium', 'asked'],
      ['large', 'cascade'],
    ]);
    expect(answer).toMatchObject({
      attempt_limit: 2,
      layers: { levels: 'platform', cascades: 'workspace', groups: 'default' },
      policy: { levels: { balanced: { models: ['medium'] } } },
    });
  });

  it('counts what the edges measured, and the breakers that are open', async () => {
    const { redisPrefix } = api.config;
    const now = Date.now();
    const slow = { ...noCalls, atMs: now, calls: 50, measured: 45, firstByteSumMs: 45 * 9_000, failures: 5 };
    await redis.hset(
      performanceKey(redisPrefix),
      'edge-1',
      writePerformance(new Map([['dep_small', slow]]), now),
    );
    const slowed = await explain('balanced');
    expect(order(slowed)).toEqual(['medium', 'small']);
    const { performance, score } = slowed.candidates[1]!;
    expect(performance.first_byte_ms).toBeCloseTo(9_000, 0);
    expect(score!.error_factor).toBeLessThan(1);

    const name = breakerName('litellm', 'dep_medium', null);
    const hint = { state: 'open', cause: 'provider_error', untilMs: now + 30_000, opens: 1 } as const;
    await redis.hset(breakersKey(redisPrefix), name, writeBreakerNews({ name, atMs: now, hint }, 'edge-1'));
    const broken = await explain('balanced');
    expect(broken.attempts.map(({ model, breaker }) => [model, breaker.state])).toEqual([
      ['small', 'closed'],
      ['medium', 'open'],
    ]);
    expect(broken.candidates.find(({ model }) => model === 'medium')).toMatchObject({
      breaker: { state: 'open', cause: 'provider_error', until: new Date(now + 30_000).toISOString() },
    });
  });

  it('follows the facts as they change, back and forth, and says of which version they are', async () => {
    const documents = `${api.config.redisPrefix}:projection`;
    const before = (await redis.hget(documents, 'facts:current'))!;
    expect((await explain('eco')).state.facts_version).toBe(3);
    await redis.hset(documents, 'facts:current', JSON.stringify({ v: 4, deployments: {} }));
    const unpriced = await explain('eco');
    expect([unpriced.state.facts_version, unpriced.candidates[0]?.facts.prices]).toEqual([4, null]);
    await redis.hset(documents, 'facts:current', before);
    const again = await explain('eco');
    expect(again.state.facts_version).toBe(3);
    expect(again.candidates[0]?.facts.prices).not.toBeNull();
    // An edge goes on without facts that it cannot read.
    await redis.hset(documents, 'facts:current', '{"v": 5');
    const unread = await explain('eco');
    expect([unread.state.facts_version, unread.refusal?.code]).toEqual([null, 'no_candidate_left']);
    expect(droppedOf(unread)).toMatchObject({ small: 'price_unknown' });
    expect(order(await explain('small'))).toEqual(['small']);
    await redis.hset(documents, 'facts:current', before);
  });

  it('counts a long prompt by the prices of long prompts, and shows them', async () => {
    const documents = `${api.config.redisPrefix}:projection`;
    const before = (await redis.hget(documents, 'facts:current'))!;
    // A body has at most 100 kB here, which are 25,000 tokens. The ceiling of eco is $1 for a million.
    const tier = { above_prompt_tokens: 20_000, input: 1_100_000, output: null };
    const long_prompt = [{ ...tier, cache_read: null, cache_write: null }];
    const small = { ...unknownFacts, prices: { ...deployments.small.prices, long_prompt } };
    const facts = { v: 5, deployments: { dep_small: small } };
    await redis.hset(documents, 'facts:current', JSON.stringify(facts));
    const asked = (tokens: number) =>
      explain('eco', undefined, { messages: [{ role: 'user', content: 'word'.repeat(tokens) }] });
    const [short, long] = [await asked(10_000), await asked(21_000)];
    await redis.hset(documents, 'facts:current', before);
    const seen = ({ candidates }: RoutingExplanationView) => {
      const { dropped, facts: known } = candidates.find(({ model }) => model === 'small')!;
      return [dropped, known.prices];
    };
    const rest = { output_usd: '0.0000002', cache_read_usd: null, request_usd: null, source: null };
    expect(seen(short)).toEqual([null, { ...rest, input_usd: '0.0000001', above_prompt_tokens: null }]);
    expect(seen(long)).toEqual([
      'price_ceiling',
      { ...rest, input_usd: '0.0000011', above_prompt_tokens: 20_000 },
    ]);
  });

  it('is held to the list of the key', async () => {
    expect(order(await explain('eco', { key_id: keyId }))).toEqual(['small']);
    const refused = await explain('precision', { key_id: keyId });
    expect(order(refused)).toEqual(['large', 'small']);
    const none = await explain('medium', { key_id: keyId });
    expect(none.refusal).toMatchObject({ code: 'model_not_allowed', status: 403 });
    expect(none.attempts).toEqual([]);
  });
});

describe('other names', () => {
  it('an alias, a group in its order, a built-in group, a model, a name that nobody has', async () => {
    await put(`workspace_id=${workspaceId}`, {
      aliases: { best: 'mine' },
      groups: { mine: { models: ['large', 'small'], strategy: 'order' } },
    });
    const alias = await explain('best');
    expect(alias.name).toMatchObject({ asked: 'best', name: 'mine', kind: 'group', is_alias: true });
    expect(order(alias)).toEqual(['large', 'small']);
    expect((await explain('cheap')).name).toMatchObject({ kind: 'group', power_level: 'eco' });
    const model = await explain('large');
    expect(model).toMatchObject({ ordered_by: 'none', name: { kind: 'model', power_level: null } });
    expect(model.candidates).toHaveLength(1);
    expect(model.candidates[0]).toMatchObject({ place: 1, dropped: null });
    expect((await explain('nobody')).refusal).toMatchObject({ code: 'model_not_found', status: 404 });
  });

  it('auto by the rules of difficulty, without asking any model', async () => {
    await put(`workspace_id=${workspaceId}`, { classification: 'model' });
    const proof = {
      messages: [{ role: 'user', content: 'Prove the theorem: ∑ 1/n² = π²/6. Debug ```def f(x): pass```' }],
    };
    const hard = await explain('auto', undefined, proof);
    expect(hard.classification).toMatchObject({ difficulty: 'hard', would_ask_model: false });
    expect(hard.name.power_level).toBe('precision');
    await put(`workspace_id=${workspaceId}`, { power_level: 'eco' });
    expect(await explain('auto')).toMatchObject({ classification: null, name: { power_level: 'eco' } });
  });

  it('a body that steers LiteLLM, and a key that is blocked, are refused as the edge refuses them', async () => {
    expect((await explain('eco', undefined, { api_base: 'http://x' })).refusal?.code).toBe('field_forbidden');
    const mistyped = { messages: 'Say hello.', stream: 'yes', api_base: 'http://x' };
    expect((await explain('eco', undefined, mistyped)).refusal).toMatchObject({
      code: 'field_invalid',
      message: '"stream" must be of type boolean, not string.',
      status: 400,
    });
    expect((await explain('eco', undefined, { messages: 'Say hello.' })).attempts).toEqual([]);
    await api.call('PATCH', `/api/v1/keys/${keyId}`, { token: tenant, body: { blocked: true } });
    expect((await explain('eco', { key_id: keyId })).refusal?.code).toBe('key_blocked');
    await api.call('PATCH', `/api/v1/keys/${keyId}`, { token: tenant, body: { blocked: false } });
    expect((await explain('eco', { key_id: keyId })).refusal).toBeNull();
  });
});

it('a key that is dead for so long that no edge has heard of it is not any key of its workspace', async () => {
  const oldId = await made('keys', { workspace_id: workspaceId, models: ['small'] });
  expect((await explain('large', { key_id: oldId })).refusal?.code).toBe('model_not_allowed');
  await api.database.transactions.run('platform', (manager) =>
    manager.query(`UPDATE virtual_keys SET revoked_at = now() - interval '1 year' WHERE id = $1`, [oldId]),
  );
  const answer = await explain('large', { key_id: oldId });
  expect([answer.refusal?.code, answer.refusal?.status, answer.attempts]).toEqual(['key_unknown', 401, []]);
});

describe('the question', () => {
  it.each<[object, string]>([
    [{ request: { model: 'eco' } }, 'key_id'],
    [{ request: {}, workspace_id: 'ws_00000000000000000000000000' }, 'request.model'],
    [{ request: { model: 'a,b' }, workspace_id: 'ws_00000000000000000000000000' }, 'request.model'],
    [
      { request: { model: 'eco' }, path: '/v1/models', workspace_id: 'ws_00000000000000000000000000' },
      'path',
    ],
    [{ request: { model: 'eco' }, key_id: 'key_00000000000000000000000000', user_id: 'ada' }, 'user_id'],
    [{ request: { model: 'eco' }, draw: 2, workspace_id: 'ws_00000000000000000000000000' }, 'draw'],
  ])('%j is refused, by the name of the field', async (body, field) => {
    const answer = await ask<Problem>(body);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
  });

  it('about a key or a workspace of another organization has no answer', async () => {
    const other = await api.createToken({ organizationId: await made('organizations', { name: 'Other' }) });
    const request = { model: 'eco', ...message };
    const ofKey = await ask<Problem>({ request, key_id: keyId }, other);
    expect([ofKey.status, ofKey.body.code]).toEqual([404, 'virtual_key_not_found']);
    const ofWorkspace = await ask<Problem>({ request, workspace_id: workspaceId }, other);
    expect([ofWorkspace.status, ofWorkspace.body.code]).toEqual([404, 'workspace_not_found']);
  });

  it('has an honest answer while what the edges know cannot be read', async () => {
    const body = { request: { model: 'eco', ...message }, workspace_id: workspaceId };
    const field = `workspace:${workspaceId}`;
    const hash = `${api.config.redisPrefix}:projection`;
    const text = (await redis.hget(hash, field)) ?? '';
    await redis.hset(hash, field, 'not json');
    const unreadable = await ask<Problem>(body);
    expect([unreadable.status, unreadable.body.code]).toEqual([503, 'edge_state_unavailable']);
    expect(unreadable.body.detail).toContain('document of the workspace');
    await redis.hset(hash, field, text);
    const epoch = (await redis.hget(`${hash}:meta`, 'epoch')) ?? '';
    await redis.hdel(`${hash}:meta`, 'epoch');
    expect((await ask<Problem>(body)).body.code).toBe('edge_state_unavailable');
    await redis.hset(`${hash}:meta`, { epoch });
    expect((await ask(body)).status).toBe(200);
    proxy.sever();
    const away = await ask<Problem>(body);
    expect([away.status, away.body.code, away.headers.get('retry-after')]).toEqual([
      503,
      'edge_state_unavailable',
      '2',
    ]);
    proxy.restore();
  });
});
