import { encodeCursor, newId } from '@signalbox/common';
import { AuditEventEntity, ConfigReleaseEntity, WorkspaceEntity } from '@signalbox/database';
import { defaultRoutingPolicy, parseProjectionDocument, type ProjectionKind } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Change {
  field: string;
  change: string;
  before: unknown;
  after: unknown;
}
interface Rules {
  scope: string;
  organization_id: string | null;
  workspace_id: string | null;
  version: number;
  rules: Record<string, unknown>;
  effective: Record<string, unknown>;
  layers: Record<string, string>;
  warnings: { field: string; code: string }[];
  dry_run: boolean;
  changes: Change[];
  effective_changes: Change[];
}
interface Version {
  id: string;
  number: number;
  scope: string;
  organization_id: string | null;
  workspace_id: string | null;
  actor: string | null;
  rules: Record<string, unknown>;
  changes: Change[];
}
interface Problem {
  code: string;
  errors: { field: string }[];
}

let api: ApiApp;
let redis: Redis;
let platform: string;
let tenant: string;
let organizationId: string;
let workspaceId: string;
let ofWorkspace: string;
let ofOrganization: string;

beforeAll(async () => {
  api = await openApiApp();
  redis = new Redis(api.config.redisUrl);
  platform = await api.createToken();
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(ConfigReleaseEntity, {
      id: newId('configRelease'),
      number: 1,
      status: 'active',
      configYaml: '',
      configSha256: '',
      createdBy: 'test',
      models: [{ name: 'fast', mode: 'chat' as const, is_demo: false, deployment_ids: [] }],
    }),
  );
});
beforeEach(async () => {
  const post = async (path: string, body: object): Promise<string> =>
    (await api.call<{ id: string }>('POST', `/api/v1/${path}`, { token: platform, body })).body.id;
  organizationId = await post('organizations', { name: 'Acme' });
  tenant = await api.createToken({ organizationId });
  workspaceId = await post('workspaces', { organization_id: organizationId, name: 'main' });
  ofWorkspace = `workspace_id=${workspaceId}`;
  ofOrganization = `organization_id=${organizationId}`;
  await put('', { rules: {} }, platform);
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

const call = <Body = Rules>(method: string, path: string, token: string, body?: object) =>
  api.call<Body>(method, `/api/v1/llm/routing/${path}`, { token, ...(body && { body }) });
const get = <Body = Rules>(query: string, token = tenant) => call<Body>('GET', `rules?${query}`, token);
const put = <Body = Rules>(query: string, body: object, token = tenant) =>
  call<Body>('PUT', `rules?${query}`, token, body);
const listOf = async (query: string, token = tenant): Promise<Version[]> =>
  (await call<{ data: Version[] }>('GET', `versions?${query}`, token)).body.data;

async function projected<Kind extends ProjectionKind>(kind: Kind, id: string) {
  const text = await redis.hget(`${api.config.redisPrefix}:projection`, `${kind}:${id}`);
  return parseProjectionDocument(kind, text ?? '');
}

describe('the layers', () => {
  it('say nothing at first, and everything is the default', async () => {
    const { status, body } = await get(ofWorkspace);
    expect([status, body]).toMatchObject([
      200,
      {
        scope: 'workspace',
        workspace_id: workspaceId,
        organization_id: organizationId,
        version: 1,
        rules: {},
        effective: defaultRoutingPolicy,
        warnings: [],
      },
    ]);
    expect(new Set(Object.values(body.layers))).toEqual(new Set(['default']));
    expect(Object.keys(body.layers)).toEqual(Object.keys(defaultRoutingPolicy));
  });

  it('never loosen what a level above says of the data, and say so', async () => {
    await put('', { rules: { zero_data_retention: true, regions: ['eu', 'local'] } }, platform);
    await put(ofOrganization, { rules: { regions: ['eu', 'us'] } });
    const { body } = await put(ofWorkspace, { rules: { zero_data_retention: false, regions: null } });
    expect(body.effective).toMatchObject({ zero_data_retention: true, regions: ['eu'] });
    expect(body.layers).toMatchObject({ zero_data_retention: 'platform', regions: 'organization' });
    expect(body.warnings.map(({ field, code }) => [field, code])).toEqual([
      ['regions', 'held_from_above'],
      ['zero_data_retention', 'held_from_above'],
    ]);
  });

  it('are merged field by field, the nearest first, and each says which fields are its own', async () => {
    await put('', { rules: { attempt_limit: 2, exploration: 0, power_level: 'eco' } }, platform);
    await put(ofOrganization, { rules: { no_training: true, power_level: 'precision', exploration: 0.1 } });
    const { body } = await put(ofWorkspace, { rules: { exploration: 0.01 } });
    const merged = { attempt_limit: 2, power_level: 'precision', no_training: true, exploration: 0.01 };
    expect(body.effective).toEqual({ ...defaultRoutingPolicy, ...merged });
    expect(body.rules).toEqual({ exploration: 0.01 });
    expect(body.layers).toMatchObject({
      attempt_limit: 'platform',
      power_level: 'organization',
      no_training: 'organization',
      exploration: 'workspace',
      strategy: 'default',
    });
    expect((await get(ofOrganization)).body).toMatchObject({
      scope: 'organization',
      workspace_id: null,
      effective: { exploration: 0.1, power_level: 'precision', attempt_limit: 2 },
      layers: { exploration: 'organization', attempt_limit: 'platform' },
    });
    const flat = await api.call<object>('GET', `/api/v1/workspaces/${workspaceId}/routing`, {
      token: tenant,
    });
    expect(flat.body).toMatchObject(merged);
  });

  it('reach the edges each as its own document, at once', async () => {
    const written = await put('', { rules: { attempt_limit: 3 } }, platform);
    await put(ofOrganization, { rules: { power_level: 'eco' } });
    await put(ofWorkspace, { rules: { exploration: 0 } });
    expect(await projected('settings', 'platform')).toEqual({
      v: written.body.version,
      routing: { attempt_limit: 3 },
    });
    expect(await projected('organization', organizationId)).toMatchObject({
      v: 2,
      routing: { power_level: 'eco' },
    });
    expect(await projected('workspace', workspaceId)).toMatchObject({ v: 2, routing: { exploration: 0 } });
  });

  it('that nobody can read in whole hold field by field', async () => {
    const routing = { attempt_limit: 'many', power_level: 'eco', no_training: 'sometimes', newer: 1 };
    await api.database.transactions.run('platform', (manager) =>
      manager.update(WorkspaceEntity, { id: workspaceId }, { routing }),
    );
    const { body } = await get(ofWorkspace);
    expect(body.rules).toEqual(routing);
    expect(body.effective).toEqual({ ...defaultRoutingPolicy, power_level: 'eco', no_training: true });
    expect(body.layers).toMatchObject({
      attempt_limit: 'default',
      power_level: 'workspace',
      no_training: 'workspace',
    });
  });
});

describe('a change', () => {
  it('is audited under its level', async () => {
    await put(ofOrganization, { rules: { power_level: 'eco' } });
    const events = await api.database.transactions.run('platform', (manager) =>
      manager.find(AuditEventEntity, { where: { targetId: organizationId }, order: { sequence: 'DESC' } }),
    );
    expect(events[0]).toMatchObject({
      action: 'organization.routing_changed',
      targetType: 'organization',
      organizationId,
      changes: { routing: { power_level: 'eco' } },
    });
  });

  it('is refused when another one came first', async () => {
    const { version } = (await get('', platform)).body;
    await put('', { rules: { attempt_limit: 5 }, version }, platform);
    const late = await put<Problem>('', { rules: { attempt_limit: 6 }, version }, platform);
    expect([late.status, late.body.code]).toEqual([409, 'version_conflict']);
    const dry = await put<Problem>('dry_run=true', { rules: {}, version }, platform);
    expect(dry.body.code).toBe('version_conflict');
    expect((await get('', platform)).body.rules).toEqual({ attempt_limit: 5 });
  });

  it('is one of two that come at the same moment, where both read the same', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((limit) => put(ofWorkspace, { rules: { attempt_limit: limit }, version: 1 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(await listOf(ofWorkspace)).toHaveLength(1);
  });

  it.each<[object, string[]]>([
    [{}, ['rules']],
    [{ attempt_limit: 1 }, ['rules', 'attempt_limit']],
    [{ rules: { cascade: {} } }, ['rules.cascade']],
    [{ rules: { levels: { cheapest: {} } } }, ['rules.levels.cheapest']],
    [{ rules: { groups: { smart: { models: [] } } }, version: 0 }, ['rules.groups.smart.models', 'version']],
  ])('is refused, by the name of the field: %j', async (body, fields) => {
    for (const query of [ofWorkspace, `${ofWorkspace}&dry_run=true`]) {
      const answer = await put<Problem>(query, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
      expect(answer.body.errors.map(({ field }) => field)).toEqual(fields);
    }
  });

  it('is warned of a strategy without weights, and of a group that has the name of a model', async () => {
    const { body } = await put(ofWorkspace, {
      rules: { strategy: 'custom', groups: { fast: { models: ['fast'] } } },
    });
    expect(body.warnings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: 'weights', code: 'weights_missing' }),
        expect.objectContaining({ field: 'groups.fast', code: 'name_taken' }),
      ]),
    );
  });
});

describe('a dry run', () => {
  it('shows what would change, here and in what holds, and writes nothing', async () => {
    await put(ofOrganization, { rules: { attempt_limit: 2, levels: { eco: { preferred: ['local'] } } } });
    await put(ofWorkspace, { rules: { attempt_limit: 3, groups: { smart: { models: ['fast'] } } } });
    const before = (await get(ofWorkspace)).body;
    const { status, body } = await put(`${ofWorkspace}&dry_run=true`, {
      rules: { groups: { smart: { models: ['fast', 'gone'] } }, levels: {}, exploration: 0.01 },
      version: 2,
    });
    expect([status, body.dry_run, body.version]).toEqual([200, true, 2]);
    expect(body.changes).toEqual([
      { field: 'attempt_limit', change: 'removed', before: 3, after: null },
      { field: 'exploration', change: 'added', before: null, after: 0.01 },
      { field: 'groups.smart.models', change: 'changed', before: ['fast'], after: ['fast', 'gone'] },
      { field: 'levels', change: 'added', before: null, after: {} },
    ]);
    expect(body.effective_changes).toEqual([
      { field: 'attempt_limit', change: 'changed', before: 3, after: 2 },
      { field: 'groups.smart.models', change: 'changed', before: ['fast'], after: ['fast', 'gone'] },
      { field: 'levels.eco', change: 'removed', before: { preferred: ['local'] }, after: null },
    ]);
    expect(body.warnings).toContainEqual(
      expect.objectContaining({ field: 'groups.smart.models.1', code: 'model_unknown' }),
    );
    expect((await get(ofWorkspace)).body).toEqual(before);
    expect(await listOf(ofWorkspace)).toHaveLength(1);
    expect((await projected('workspace', workspaceId))?.v).toBe(2);
    const real = await put(ofWorkspace, { rules: body.rules, version: 2 });
    expect({ ...real.body, dry_run: true, version: 2 }).toEqual(body);
    expect((await get(ofWorkspace)).body.effective).toEqual(body.effective);
  });
});

describe('versions', () => {
  it('are kept of each change that changes something, and listed page by page', async () => {
    for (const limit of [1, 1, 2, 3]) await put(ofWorkspace, { rules: { attempt_limit: limit } });
    const [third, second] = await listOf(`${ofWorkspace}&limit=2`);
    expect([third?.number, second?.number]).toEqual([3, 2]);
    const page = await call<{ next_cursor: string }>('GET', `versions?${ofWorkspace}&limit=2`, tenant);
    const rest = await listOf(`${ofWorkspace}&cursor=${page.body.next_cursor}`);
    expect(rest.map(({ number }) => number)).toEqual([1]);
    const beyond = `versions?${ofWorkspace}&cursor=${encodeCursor('2147483648')}`;
    const invented = await call<Problem>('GET', beyond, tenant);
    expect([invented.status, invented.body.code]).toEqual([400, 'cursor_invalid']);
    const shown = await call<Version>('GET', `versions/${third?.id}`, tenant);
    expect(shown.body).toMatchObject({
      scope: 'workspace',
      workspace_id: workspaceId,
      organization_id: organizationId,
      rules: { attempt_limit: 3 },
      changes: [{ field: 'attempt_limit', change: 'changed', before: 2, after: 3 }],
    });
    expect(shown.body.actor).toMatch(/^tok_/);
  });

  it('are brought back as the newest one, after a look at what that would change', async () => {
    await put(ofOrganization, { rules: { power_level: 'eco' } });
    await put(ofOrganization, { rules: { power_level: 'precision', no_training: true } });
    const [, first] = await listOf(ofOrganization);
    const path = `versions/${first?.id}/restore`;
    const dry = await call('POST', `${path}?dry_run=true`, tenant, {});
    const expected = [
      { field: 'no_training', change: 'removed', before: true, after: null },
      { field: 'power_level', change: 'changed', before: 'precision', after: 'eco' },
    ];
    expect([dry.status, dry.body.changes]).toEqual([200, expected]);
    expect(await listOf(ofOrganization)).toHaveLength(2);
    const stale = await call<Problem>('POST', path, tenant, { version: 2 });
    expect(stale.body.code).toBe('version_conflict');
    const real = await call('POST', path, tenant, { version: 3 });
    expect(real.body).toMatchObject({ version: 4, rules: { power_level: 'eco' }, changes: expected });
    expect((await projected('organization', organizationId))?.routing).toEqual({ power_level: 'eco' });
    expect((await listOf(ofOrganization)).map(({ number }) => number)).toEqual([3, 2, 1]);
  });

  it('are none of a change that changes nothing, the first one too', async () => {
    await put(ofWorkspace, { rules: {} });
    expect(await listOf(ofWorkspace)).toEqual([]);
    for (const _twice of [1, 2]) await put(ofWorkspace, { rules: { attempt_limit: 2 } });
    expect((await listOf(ofWorkspace)).map(({ number }) => number)).toEqual([1]);
  });

  it('begin with what was there before versions were kept', async () => {
    await api.database.transactions.run('platform', (manager) =>
      manager.update(WorkspaceEntity, { id: workspaceId }, { routing: { attempt_limit: 7 } }),
    );
    await put(ofWorkspace, { rules: {} });
    const versions = await listOf(ofWorkspace);
    expect(versions.map(({ number, actor }) => [number, actor === null])).toEqual([
      [2, false],
      [1, true],
    ]);
    const back = await call('POST', `versions/${versions[1]?.id}/restore`, tenant, {});
    expect(back.body.effective).toMatchObject({ attempt_limit: 7 });
  });

  it('that the rules of today refuse are not brought back', async () => {
    await api.database.transactions.run('platform', (manager) =>
      manager.update(WorkspaceEntity, { id: workspaceId }, { routing: { attempt_limit: 99 } }),
    );
    await put(ofWorkspace, { rules: {} });
    const [, old] = await listOf(ofWorkspace);
    const answer = await call<Problem>('POST', `versions/${old?.id}/restore`, tenant, {});
    expect([answer.status, answer.body.errors[0]?.field]).toEqual([400, 'attempt_limit']);
  });

  it('come of the flat route too', async () => {
    const body = { attempt_limit: 2 };
    await api.call('PUT', `/api/v1/workspaces/${workspaceId}/routing`, { token: tenant, body });
    const [version] = await listOf(ofWorkspace);
    expect((await call<Version>('GET', `versions/${version?.id}`, tenant)).body.rules).toEqual(body);
  });
});

describe('who may', () => {
  it('an organization sees and changes its own levels, and what the platform says only as a part of them', async () => {
    await put('', { rules: { attempt_limit: 2 } }, platform);
    const [ofPlatform] = await listOf('', platform);
    const refused = [
      await get<Problem>(''),
      await put<Problem>('', { rules: {} }),
      await call<Problem>('GET', 'versions', tenant),
    ];
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      refused.map(() => [403, 'platform_only']),
    );
    const version = await call<Problem>('GET', `versions/${ofPlatform?.id}`, tenant);
    expect([version.status, version.body.code]).toEqual([404, 'routing_version_not_found']);
    const restored = await call<Problem>('POST', `versions/${ofPlatform?.id}/restore`, tenant, {});
    expect(restored.status).toBe(404);
    expect((await get(ofWorkspace)).body.layers['attempt_limit']).toBe('platform');
  });

  it('nobody sees or changes those of another organization', async () => {
    await put(ofWorkspace, { rules: { attempt_limit: 2 } });
    const [version] = await listOf(ofWorkspace);
    const { body } = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
      token: platform,
      body: { name: 'Other' },
    });
    const other = await api.createToken({ organizationId: body.id });
    for (const query of [ofWorkspace, ofOrganization]) {
      expect((await get(query, other)).status).toBe(404);
      expect((await put(query, { rules: {} }, other)).status).toBe(404);
      expect((await put(`${query}&dry_run=true`, { rules: {} }, other)).status).toBe(404);
      expect((await call('GET', `versions?${query}`, other)).status).toBe(404);
    }
    expect((await call('GET', `versions/${version?.id}`, other)).status).toBe(404);
    expect((await call('POST', `versions/${version?.id}/restore`, other, {})).status).toBe(404);
  });

  it('needs one level at a time, and the scope to write for a dry run too', async () => {
    const both = await get<Problem>(`${ofWorkspace}&${ofOrganization}`);
    expect([both.status, both.body.errors[0]?.field]).toEqual([400, 'organization_id']);
    const reader = await api.createToken({ organizationId, scopes: ['workspaces:read'] });
    const dry = await put<Problem>(`${ofWorkspace}&dry_run=true`, { rules: {} }, reader);
    expect([dry.status, dry.body.code]).toEqual([403, 'scope_missing']);
    expect((await get(ofWorkspace, reader)).status).toBe(200);
  });
});
