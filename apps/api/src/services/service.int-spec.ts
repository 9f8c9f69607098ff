import { AuditEventEntity } from '@signalbox/database';
import {
  ProjectionRebuildService,
  ProjectionReconcileService,
  ProjectionService,
} from '@signalbox/domain/projection';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Row {
  id: string;
  name: string;
  version: number;
  service_id: string | null;
  code?: string;
}
interface List {
  data: Row[];
  next_cursor: string | null;
}

let api: ApiApp;
let redis: Redis;
let platform: string;
let organizationId: string;
let workspaceId: string;
let tenant: string;

beforeAll(async () => {
  api = await openApiApp();
  redis = new Redis(api.config.redisUrl);
  platform = await api.createToken();
});
beforeEach(async () => {
  organizationId = (await call('POST', 'organizations', { name: 'Acme' }, platform)).body.id;
  tenant = await api.createToken({ organizationId });
  workspaceId = (await call('POST', 'workspaces', { organization_id: organizationId, name: 'main' })).body.id;
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

const call = <Body = Row>(method: string, path: string, body?: object, token = tenant) =>
  api.call<Body>(method, `/api/v1/${path}`, { token, ...(body ? { body } : {}) });
const newService = async (name = 'Checkout', more: object = {}): Promise<Row> =>
  (await call('POST', 'services', { organization_id: organizationId, name, ...more })).body;
const newKey = (serviceId: string | null, token = tenant) =>
  call('POST', 'keys', { workspace_id: workspaceId, service_id: serviceId }, token);

async function projected(id: string): Promise<Record<string, unknown> | null> {
  const text = await redis.hget(`${api.config.redisPrefix}:projection`, `service:${id}`);
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

describe('a service', () => {
  it('is created, shown, changed and deleted, each live for the edges and with an audit event', async () => {
    const created = await call('POST', 'services', {
      organization_id: organizationId,
      name: ' Checkout ',
      rpm_limit: 5,
    });
    const { id } = created.body;
    expect([created.status, created.body]).toMatchObject([
      201,
      { organization_id: organizationId, name: 'Checkout', rpm_limit: 5, tpm_limit: null, version: 1 },
    ]);
    expect(await projected(id)).toMatchObject({ v: 1, name: 'Checkout', rpm_limit: 5, deleted: false });
    expect((await call('GET', `services/${id}`)).body).toEqual(created.body);
    const changed = await call('PATCH', `services/${id}`, { tpm_limit: 9, rpm_limit: null, version: 1 });
    expect(changed.body).toMatchObject({ name: 'Checkout', rpm_limit: null, tpm_limit: 9, version: 2 });
    expect(await projected(id)).toMatchObject({ v: 2, rpm_limit: null, tpm_limit: 9 });
    expect((await call('DELETE', `services/${id}`)).status).toBe(204);
    expect(await projected(id)).toMatchObject({ v: 3, deleted: true });
    for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const) {
      const answer = await call(method, `services/${id}`, body);
      expect([answer.status, answer.body.code]).toEqual([404, 'service_not_found']);
    }
    const events = await api.database.transactions.run('platform', (manager) =>
      manager.find(AuditEventEntity, { where: { targetId: id }, order: { sequence: 'ASC' } }),
    );
    expect(events.map(({ action, changes }) => [action, changes])).toEqual([
      ['service.created', { name: 'Checkout', rpmLimit: 5 }],
      ['service.updated', { rpmLimit: null, tpmLimit: 9 }],
      ['service.deleted', {}],
    ]);
  });

  it('changes nothing when the version is not the one that was read', async () => {
    const { id } = await newService();
    await call('PATCH', `services/${id}`, { rpm_limit: 1, version: 1 });
    const late = await call('PATCH', `services/${id}`, { rpm_limit: 2, version: 1 });
    expect([late.status, late.body.code]).toEqual([409, 'version_conflict']);
  });

  it('has a name of its own in its organization, which is free again once it is deleted', async () => {
    const first = await newService('Search');
    const second = await newService('Other');
    for (const answer of [
      await call('POST', 'services', { organization_id: organizationId, name: 'Search' }),
      await call('PATCH', `services/${second.id}`, { name: 'Search' }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'service_name_taken']);
    }
    const elsewhere = (await call('POST', 'organizations', { name: 'Other' }, platform)).body.id;
    const same = await call('POST', 'services', { organization_id: elsewhere, name: 'Search' }, platform);
    expect(same.status).toBe(201);
    await call('DELETE', `services/${first.id}`);
    expect((await call('PATCH', `services/${second.id}`, { name: 'Search' })).status).toBe(200);
  });

  it('needs an organization that is there, and of its own', async () => {
    const other = (await call('POST', 'organizations', { name: 'Other' }, platform)).body.id;
    const answer = await call('POST', 'services', { organization_id: other, name: 'x' });
    expect([answer.status, answer.body.code]).toEqual([404, 'organization_not_found']);
  });

  it('ends with its organization', async () => {
    const { id } = await newService();
    await call('DELETE', `workspaces/${workspaceId}`);
    expect((await call('DELETE', `organizations/${organizationId}`, undefined, platform)).status).toBe(204);
    expect((await call('GET', `services/${id}`, undefined, platform)).body.code).toBe('service_not_found');
    await api.get(ProjectionService).drainDue(new AbortController().signal);
    expect(await projected(id)).toMatchObject({ v: 2, deleted: true });
  });

  it('stays in the projection when that is rebuilt, and is no difference to be repaired', async () => {
    const kept = await newService('Kept');
    const deleted = await newService('Deleted');
    await call('DELETE', `services/${deleted.id}`);
    await redis.del(`${api.config.redisPrefix}:projection`, `${api.config.redisPrefix}:projection:meta`);
    await api.get(ProjectionRebuildService).ensureComplete();
    expect(await projected(kept.id)).toMatchObject({ name: 'Kept', deleted: false });
    expect(await projected(deleted.id)).toMatchObject({ deleted: true });
    expect(await api.get(ProjectionReconcileService).reconcile()).toMatchObject({ different: 0, extra: 0 });
  });
});

describe('virtual keys of a service', () => {
  it('name it, are found by it, and keep it from being deleted', async () => {
    const service = await newService();
    const key = (await newKey(service.id)).body;
    const other = (await newKey(null)).body;
    expect([key.service_id, other.service_id]).toEqual([service.id, null]);
    const listed = await call<List>('GET', `keys?service_id=${service.id}`);
    expect(listed.body.data.map(({ id }) => id)).toEqual([key.id]);
    expect((await call('PATCH', `keys/${other.id}`, { service_id: service.id })).body.service_id).toBe(
      service.id,
    );
    await call('POST', `keys/${other.id}/revoke`);
    const refused = await call('DELETE', `services/${service.id}`);
    expect([refused.status, refused.body.code]).toEqual([409, 'service_in_use']);
    await call('PATCH', `keys/${key.id}`, { service_id: null });
    expect((await call('DELETE', `services/${service.id}`)).status).toBe(409);
    await call('DELETE', `keys/${other.id}`);
    expect((await call('DELETE', `services/${service.id}`)).status).toBe(204);
  });

  it('cannot name one that is not there, was deleted, or is of another organization', async () => {
    const deleted = await newService('Deleted');
    await call('DELETE', `services/${deleted.id}`);
    const other = (await call('POST', 'organizations', { name: 'Other' }, platform)).body.id;
    const foreign = await call('POST', 'services', { organization_id: other, name: 'x' }, platform);
    const key = (await newKey(null)).body;
    for (const id of [deleted.id, foreign.body.id, `svc_${'0'.repeat(26)}`]) {
      for (const token of [tenant, platform]) {
        for (const answer of [
          await newKey(id, token),
          await call('PATCH', `keys/${key.id}`, { service_id: id }, token),
        ]) {
          expect([answer.status, answer.body.code]).toEqual([404, 'service_not_found']);
        }
      }
    }
    expect((await call('GET', `keys/${key.id}`)).body).toMatchObject({ service_id: null, version: 1 });
  });

  it('never end up with a deleted one, whatever comes first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const service = await newService(`race ${round}`);
      const [key, deletion] = await Promise.all([
        newKey(service.id),
        call('DELETE', `services/${service.id}`),
      ]);
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([key.status, deletion.status]);
    }
  });
});

describe('lists of services', () => {
  it('go page by page, newest first, searched by part of a name', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) made.push((await newService(`Page ${index}`)).id);
    await newService('Else');
    const seen: string[] = [];
    let cursor = '';
    do {
      const page: List = (await call<List>('GET', `services?search=pAGE&limit=2${cursor}`)).body;
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual([...made].reverse());
  });
});
