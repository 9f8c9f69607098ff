import { AuditEventEntity } from '@signalbox/database';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Row {
  id: string;
  name: string;
  version: number;
  blocked: boolean;
  models: string[];
  metadata: Record<string, unknown>;
}
interface List {
  data: Row[];
  next_cursor: string | null;
}
interface Problem {
  code: string;
}

let api: ApiApp;
let token: string;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
});

afterAll(() => api.close());

const call = <Body = Row>(method: string, path: string, body?: object) =>
  api.call<Body>(method, `/api/v1/${path}`, { token, ...(body ? { body } : {}) });

async function newOrganization(name = 'Acme'): Promise<Row> {
  return (await call('POST', 'organizations', { name })).body;
}

async function newWorkspace(organizationId: string, more: object = {}): Promise<Row> {
  return (await call('POST', 'workspaces', { organization_id: organizationId, name: 'main', ...more })).body;
}

function eventsOn(targetId: string): Promise<AuditEventEntity[]> {
  return api.database.transactions.run('platform', (manager) =>
    manager.find(AuditEventEntity, { where: { targetId }, order: { sequence: 'ASC' } }),
  );
}

async function actionsOn(targetId: string): Promise<string[]> {
  return (await eventsOn(targetId)).map(({ action }) => action);
}

describe('an organization', () => {
  it('is created, shown, changed and deleted, each with an audit event', async () => {
    const created = await call('POST', 'organizations', { name: '  Acme  ', metadata: { crm: 7 } });
    expect([created.status, created.body]).toMatchObject([
      201,
      { name: 'Acme', blocked: false, metadata: { crm: 7 }, version: 1 },
    ]);
    const path = `organizations/${created.body.id}`;
    expect((await call('GET', path)).body).toEqual(created.body);
    const changed = await call('PATCH', path, { blocked: true });
    expect(changed.body).toMatchObject({ name: 'Acme', blocked: true, metadata: { crm: 7 }, version: 2 });
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call<Problem>('GET', path)).body.code).toBe('organization_not_found');
    expect((await call<Problem>('PATCH', path, { name: 'x' })).status).toBe(404);
    expect((await call<Problem>('DELETE', path)).status).toBe(404);
    expect(await actionsOn(created.body.id)).toEqual([
      'organization.created',
      'organization.updated',
      'organization.deleted',
    ]);
  });

  it('is not deleted while it has a workspace, and its tokens end with it', async () => {
    const { id } = await newOrganization();
    const own = await api.createToken({ organizationId: id });
    const workspace = await newWorkspace(id);
    expect((await call<Problem>('DELETE', `organizations/${id}`)).body.code).toBe('organization_not_empty');
    await call('DELETE', `workspaces/${workspace.id}`);
    expect((await call('DELETE', `organizations/${id}`)).status).toBe(204);
    const answer = await api.call<Problem>('GET', '/api/v1/whoami', { token: own });
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
  });

  it('changes nothing when the version is not the one that was read', async () => {
    const { id } = await newOrganization();
    expect((await call('PATCH', `organizations/${id}`, { name: 'first', version: 1 })).status).toBe(200);
    const late = await call<Problem>('PATCH', `organizations/${id}`, { name: 'second', version: 1 });
    expect([late.status, late.body.code]).toEqual([409, 'version_conflict']);
    expect((await call('GET', `organizations/${id}`)).body.name).toBe('first');
  });

  it('loses no change of two made at the same time', async () => {
    const { id } = await newOrganization();
    await Promise.all([
      call('PATCH', `organizations/${id}`, { name: 'renamed' }),
      call('PATCH', `organizations/${id}`, { metadata: { a: 1 } }),
      call('PATCH', `organizations/${id}`, { blocked: true }),
    ]);
    const { body } = await call('GET', `organizations/${id}`);
    expect(body).toMatchObject({ name: 'renamed', metadata: { a: 1 }, blocked: true, version: 4 });
  });

  it('never ends up deleted with a workspace in it, whatever comes first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await newOrganization();
      const [workspace, deletion] = await Promise.all([
        call('POST', 'workspaces', { organization_id: id, name: 'race' }),
        call('DELETE', `organizations/${id}`),
      ]);
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([workspace.status, deletion.status]);
    }
  });
});

describe('a workspace', () => {
  it('is created, changed and deleted; what is not given stays', async () => {
    const organization = await newOrganization();
    const workspace = await newWorkspace(organization.id, { models: ['smart', 'openai/*'] });
    expect(workspace).toMatchObject({
      models: ['smart', 'openai/*'],
      mirror: { state: 'pending', error: null },
      version: 1,
    });
    const path = `workspaces/${workspace.id}`;
    const changed = await call('PATCH', path, { blocked: true });
    expect(changed.body).toMatchObject({
      blocked: true,
      models: ['smart', 'openai/*'],
      name: 'main',
      version: 2,
    });
    expect((await call('PATCH', path, { models: [] })).body.models).toEqual([]);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call<Problem>('GET', path)).body.code).toBe('workspace_not_found');
    expect(await actionsOn(workspace.id)).toEqual([
      'workspace.created',
      'workspace.updated',
      'workspace.updated',
      'workspace.deleted',
    ]);
  });

  it('says whose provider keys pay, also to the edges', async () => {
    const { id } = await newOrganization();
    const workspace = await newWorkspace(id);
    expect(workspace).toMatchObject({ credential_policy: 'byok_then_platform', platform_fallback: false });
    const path = `workspaces/${workspace.id}`;
    const changes = { credential_policy: 'byok_only', platform_fallback: true };
    expect((await call('PATCH', path, changes)).body).toMatchObject({ ...changes, name: 'main' });
    expect((await call('PATCH', path, { name: 'renamed' })).body).toMatchObject(changes);
    const made = await newWorkspace(id, { credential_policy: 'platform_only' });
    expect(made).toMatchObject({ credential_policy: 'platform_only', platform_fallback: false });
    const redis = new Redis(api.config.redisUrl);
    const projected = await redis.hget(`${api.config.redisPrefix}:projection`, `workspace:${workspace.id}`);
    redis.disconnect();
    expect(JSON.parse(projected ?? '{}')).toMatchObject(changes);
    const [, updated] = await eventsOn(workspace.id);
    expect(updated?.changes).toEqual({ credentialPolicy: 'byok_only', platformFallback: true });
    expect((await call<Problem>('PATCH', path, { credential_policy: 'nobody' })).status).toBe(400);
    expect((await call<Problem>('PATCH', path, { credential_policy: null })).status).toBe(400);
  });

  it('is not deleted while it has a key, revoked or not', async () => {
    const workspace = await newWorkspace((await newOrganization()).id);
    const key = (await call('POST', 'keys', { workspace_id: workspace.id })).body;
    await call('POST', `keys/${key.id}/revoke`);
    expect((await call<Problem>('DELETE', `workspaces/${workspace.id}`)).body.code).toBe(
      'workspace_not_empty',
    );
    await call('DELETE', `keys/${key.id}`);
    expect((await call('DELETE', `workspaces/${workspace.id}`)).status).toBe(204);
  });

  it('needs an organization that is there', async () => {
    const { id } = await newOrganization();
    await call('DELETE', `organizations/${id}`);
    const answer = await call<Problem>('POST', 'workspaces', { organization_id: id, name: 'late' });
    expect([answer.status, answer.body.code]).toEqual([404, 'organization_not_found']);
  });
});

describe('lists', () => {
  it('go page by page, newest first, each item once', async () => {
    const organization = await newOrganization();
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      made.push((await newWorkspace(organization.id, { name: `page-${index}` })).id);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `organization_id=${organization.id}&limit=2${cursor && `&cursor=${cursor}`}`;
      const page: List = (await call<List>('GET', `workspaces?${query}`)).body;
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual([...made].reverse());
  });

  it('are searched by part of a name in any case, with wildcards taken literally', async () => {
    const { id } = await newOrganization('Search 100% Ünïque_Name');
    const found = async (search: string) =>
      (await call<List>('GET', `organizations?search=${encodeURIComponent(search)}`)).body.data.map(
        (row) => row.id,
      );
    expect(await found('100% ünïque_')).toEqual([id]);
    expect(await found('100_')).toEqual([]);
    expect(await found('1%e')).toEqual([]);
    expect(await found(id)).toEqual([id]);
  });

  it('are filtered', async () => {
    const organization = await newOrganization();
    await newWorkspace(organization.id);
    const blocked = await newWorkspace(organization.id, { blocked: true });
    const list = await call<List>('GET', `workspaces?organization_id=${organization.id}&blocked=true`);
    expect(list.body.data.map(({ id }) => id)).toEqual([blocked.id]);
  });
});
