import { newId } from '@signalbox/common';
import { AuditEventEntity, ConfigReleaseEntity } from '@signalbox/database';
import { defaultRoutingPolicy, parseProjectionDocument } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Routing extends Record<string, unknown> {
  workspace_id: string;
  version: number;
  warnings: { field: string; code: string; message: string }[];
}
interface Problem {
  code: string;
  detail: string;
  errors: { field: string; message: string }[];
}

let api: ApiApp;
let redis: Redis;
let platform: string;
let tenant: string;
let workspaceId: string;

beforeAll(async () => {
  api = await openApiApp();
  redis = new Redis(api.config.redisUrl);
  platform = await api.createToken();
  const deployment = (id: string, provider_kind: string) => ({
    id,
    provider_id: `prov_${provider_kind}`,
    provider_kind,
    needs_key: true,
    credential_id: null,
    weight: 1,
    order: 0,
  });
  const model = (name: string, provider_kind: string, openrouter_id: string | null = null) => ({
    name,
    mode: 'chat' as const,
    is_demo: false,
    deployment_ids: [`dep_${name}`],
    deployments: [deployment(`dep_${name}`, provider_kind)],
    openrouter_id,
  });
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(ConfigReleaseEntity, {
      id: newId('configRelease'),
      number: 1,
      status: 'active',
      configYaml: '',
      configSha256: '',
      createdBy: 'test',
      models: [
        model('smart', 'openai'),
        model('fast', 'azure', 'openai/gpt-4o-mini'),
        model('claude', 'anthropic'),
        model('local', 'openai_compatible'),
      ],
    }),
  );
});
beforeEach(async () => {
  const post = (path: string, body: object) =>
    api.call<{ id: string }>('POST', `/api/v1/${path}`, { token: platform, body });
  const organizationId = (await post('organizations', { name: 'Acme' })).body.id;
  tenant = await api.createToken({ organizationId });
  workspaceId = (await post('workspaces', { organization_id: organizationId, name: 'main' })).body.id;
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

const call = <Body = Routing>(method: string, body?: unknown, token = tenant) =>
  api.call<Body>(method, `/api/v1/workspaces/${workspaceId}/routing`, {
    token,
    ...(body === undefined ? {} : { body }),
  });

async function projected() {
  const text = await redis.hget(`${api.config.redisPrefix}:projection`, `workspace:${workspaceId}`);
  return parseProjectionDocument('workspace', text ?? '');
}

describe('the routing policy of a workspace', () => {
  it('is the default at first', async () => {
    expect((await call('GET')).body).toEqual({
      workspace_id: workspaceId,
      ...defaultRoutingPolicy,
      version: 1,
      warnings: [],
    });
  });

  it('is only checked by a dry run, and other questions in the query are refused rather than overheard', async () => {
    const path = `/api/v1/workspaces/${workspaceId}/routing`;
    const body = { attempt_limit: 2 };
    const dry = await api.call<Routing>('PUT', `${path}?dry_run=true`, { token: tenant, body });
    expect([dry.status, dry.body]).toMatchObject([200, { attempt_limit: 2, version: 1 }]);
    expect((await call('GET')).body).toMatchObject({ attempt_limit: 4, version: 1 });
    const misspelt = await api.call<Problem>('PUT', `${path}?dryrun=true`, { token: tenant, body });
    expect([misspelt.status, misspelt.body.errors[0]?.field]).toEqual([400, 'dryrun']);
    expect((await call('GET')).body.version).toBe(1);
  });

  it('is replaced as a whole, live for the edges, and audited', async () => {
    const policy = { cascades: { smart: ['fast'] }, aliases: { 'gpt-4': 'smart' }, attempt_limit: 2 };
    const put = await call('PUT', { ...policy, version: 1 });
    expect([put.status, put.body]).toEqual([
      200,
      { workspace_id: workspaceId, ...defaultRoutingPolicy, ...policy, version: 2, warnings: [] },
    ]);
    expect((await projected())?.routing).toEqual(policy);
    expect((await projected())?.v).toBe(2);
    const next = await call('PUT', { hedge_after_ms: 500 });
    expect(next.body).toMatchObject({ ...defaultRoutingPolicy, hedge_after_ms: 500, version: 3 });
    expect((await call('GET')).body).toEqual(next.body);
    const events = await api.database.transactions.run('platform', (manager) =>
      manager.find(AuditEventEntity, { where: { targetId: workspaceId }, order: { sequence: 'ASC' } }),
    );
    expect(events.slice(1).map(({ action, changes }) => [action, changes])).toEqual([
      ['workspace.routing_changed', { routing: policy }],
      ['workspace.routing_changed', { routing: { hedge_after_ms: 500 } }],
    ]);
  });

  it('carries levels and groups, of which what is left out stays as it is built in', async () => {
    const policy = {
      power_level: 'eco',
      levels: { eco: { models: ['fast'], max_cost_per_1k_usd: '0.0005' }, precision: { preferred: [] } },
      groups: { best: { models: ['smart', 'claude'], strategy: 'score', power_level: 'precision' } },
    };
    const put = await call('PUT', policy);
    expect([put.status, put.body]).toMatchObject([200, policy]);
    expect((await projected())?.routing).toEqual(policy);
  });

  it('stays when the workspace itself changes, and the other way round', async () => {
    await call('PUT', { cross_vendor: true });
    const path = `/api/v1/workspaces/${workspaceId}`;
    await api.call('PATCH', path, { token: tenant, body: { rpm_limit: 5 } });
    expect((await call('GET')).body).toMatchObject({ cross_vendor: true, version: 3 });
    await call('PUT', { attempt_limit: 1 });
    expect((await projected())?.rpm_limit).toBe(5);
  });

  it('is not replaced when the version is not the one that was read', async () => {
    await call('PUT', { attempt_limit: 1, version: 1 });
    const late = await call<Problem>('PUT', { attempt_limit: 9, version: 1 });
    expect([late.status, late.body.code]).toEqual([409, 'version_conflict']);
    expect((await call('GET')).body['attempt_limit']).toBe(1);
  });

  it.each<[unknown, string[]]>([
    [{ cascade: {} }, ['cascade']],
    [{ cascades: { smart: 'fast' } }, ['cascades.smart']],
    [{ cascades: { smart: ['fast', 7] } }, ['cascades.smart.1']],
    [{ cascades: { smart: Array.from({ length: 11 }, () => 'x') } }, ['cascades.smart']],
    [{ cascades: { '': ['fast'] } }, ['cascades.']],
    [{ aliases: { a: '' } }, ['aliases.a']],
    [{ attempt_limit: 0 }, ['attempt_limit']],
    [{ total_timeout_ms: 1.5 }, ['total_timeout_ms']],
    [
      { openrouter_fallback: 'sometimes', direct_fallback: 'yes' },
      ['openrouter_fallback', 'direct_fallback'],
    ],
    [{ version: 0 }, ['version']],
    [{ power_level: 'best', strategy: 'custom', exploration: 0.5 }, ['power_level', 'exploration']],
    [{ weights: { cost: 0, latency: 0, quality: 0 } }, ['weights']],
    [{ weights: { cost: 1, latency: 1, quality: 1, speed: 1 } }, ['weights.speed']],
    [{ levels: { cheapest: {} } }, ['levels.cheapest']],
    [{ levels: { eco: { max_cost: '1' } } }, ['levels.eco.max_cost']],
    [{ levels: { eco: { max_cost_per_1k_usd: 0.001 } } }, ['levels.eco.max_cost_per_1k_usd']],
    [
      { levels: { eco: { weights: { cost: 1 } } } },
      ['levels.eco.weights.latency', 'levels.eco.weights.quality'],
    ],
    [
      { groups: { smart: {}, cheap: { models: [], order: 1 } } },
      ['groups.smart.models', 'groups.cheap.models', 'groups.cheap.order'],
    ],
    [{ max_cost_per_1k_usd: '1e-3' }, ['max_cost_per_1k_usd']],
    [[], ['body']],
  ])('is refused, by the name of the field: %j', async (body, fields) => {
    const answer = await call<Problem>('PUT', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors.map(({ field }) => field)).toEqual(fields);
    expect((await call('GET')).body).toMatchObject({ version: 1 });
  });

  it('says what would be right, in the words of the other routes', async () => {
    const { body } = await call<Problem>('PUT', {
      power_level: 'best',
      weights: { cost: -1, latency: 1 },
      max_cost_per_1k_usd: 0.01,
      levels: { eco: { models: 'fast' } },
      groups: { mine: {} },
    });
    expect(body.errors.map(({ field, message }) => `${field} ${message}`)).toEqual([
      'power_level must be one of eco, balanced, precision',
      'weights.cost must be 0 or more',
      'weights.quality is missing: it must be a number',
      'levels.eco.models must be a list',
      'groups.mine.models is missing: it must be a list',
      'max_cost_per_1k_usd must be US dollars as a text, such as "0.01"',
    ]);
  });

  it('warns of a model for classification that there is not', async () => {
    const named = (classification_model: string | null, classification = 'model') =>
      call('PUT', { classification, classification_model });
    const { body } = await named('gone');
    expect(body.warnings.map(({ field, code }) => [field, code])).toEqual([
      ['classification_model', 'model_unknown'],
    ]);
    for (const quiet of [
      await named('fast'),
      await named('eco'),
      await named(null),
      await named('gone', 'rules'),
    ])
      expect(quiet.body.warnings).toEqual([]);
  });

  it('warns of steps that do nothing: unknown, forbidden, of another vendor', async () => {
    const path = `/api/v1/workspaces/${workspaceId}`;
    await api.call('PATCH', path, { token: tenant, body: { models: ['smart', 'fast', 'claude', 'gone'] } });
    const { body } = await call('PUT', {
      cascades: { smart: ['fast', 'claude', 'gone', 'local'], '*': ['claude'], best: ['claude', 'fast'] },
      aliases: { best: 'claude', nowhere: 'gone' },
      levels: { eco: { models: ['fast', 'gone'] } },
      groups: { mine: { models: ['local', 'claude'] } },
    });
    expect(body.warnings.map(({ field, code }) => [field, code])).toEqual([
      ['cascades.smart.1', 'cross_vendor_skipped'],
      ['cascades.smart.2', 'model_unknown'],
      ['cascades.smart.3', 'model_forbidden'],
      ['aliases.nowhere', 'model_unknown'],
      ['levels.eco.models.1', 'model_unknown'],
      ['groups.mine.models.0', 'model_forbidden'],
      ['cascades.best', 'name_taken'],
    ]);
    const allowed = await call('PUT', { cascades: { smart: ['claude'] }, cross_vendor: true });
    expect(allowed.body.warnings).toEqual([]);
    // A level is of no vendor, and an alias may stand for one.
    const level = await call('PUT', { cascades: { eco: ['claude'] }, aliases: { mine: 'eco' } });
    expect(level.body.warnings).toEqual([]);
  });

  it("of another organization's workspace is not there", async () => {
    const organization = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
      token: platform,
      body: { name: 'Other' },
    });
    const other = await api.createToken({ organizationId: organization.body.id });
    expect((await call('GET', undefined, other)).status).toBe(404);
    expect((await call('PUT', {}, other)).status).toBe(404);
  });

  it('has a JSON Schema that says what it is', async () => {
    const { status, body } = await api.call<{ properties: Record<string, { description: string }> }>(
      'GET',
      '/api/v1/routing/schema',
      { token: tenant },
    );
    expect([status, body]).toMatchObject([200, { type: 'object', additionalProperties: false }]);
    expect(Object.keys(body.properties)).toEqual(Object.keys(defaultRoutingPolicy));
    expect(Object.values(body.properties).every(({ description }) => description.length > 10)).toBe(true);
  });
});
