import { ManualClock, newId } from '@signalbox/common';
import {
  AuditEventEntity,
  OrganizationEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { hashVirtualKeyValue, parseProjectionDocument, parseVirtualKeyValue } from '@signalbox/gateway';
import { JobProducer } from '@signalbox/jobs';
import { Redis } from 'ioredis';
import { type ApiApp, openApiApp, type TestResponse } from '../../../../test/support/api-app';
import type { VirtualKeyListView, VirtualKeyView, VirtualKeyWithValueView } from './virtual-key.view';

interface Tenant {
  organizationId: string;
  workspaceId: string;
  token: string;
}

interface Problem {
  code: string;
  detail: string;
  errors?: { field: string; message: string }[];
}

const hourMs = 3_600_000;

jest.setTimeout(30_000);

describe('virtual keys', () => {
  let api: ApiApp;
  let redis: Redis;
  let acme: Tenant;
  let platform: string;
  const clock = new ManualClock(Date.now());

  async function makeTenant(name: string): Promise<Tenant> {
    const organizationId = newId('organization');
    const workspaceId = newId('workspace');
    await api.database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: organizationId, name });
      await manager.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: 'main' });
    });
    return { organizationId, workspaceId, token: await api.createToken({ organizationId }) };
  }

  beforeAll(async () => {
    api = await openApiApp({ clock });
    // No worker runs here, and what a hint leaves in Redis would stay.
    jest.spyOn(api.get(JobProducer), 'add').mockResolvedValue(false);
    redis = new Redis(api.config.redisUrl);
    platform = await api.createToken();
  });
  beforeEach(async () => {
    clock.advanceMs(1_000);
    acme = await makeTenant('acme');
  });
  afterAll(async () => {
    const keys = await redis.keys(`${api.config.redisPrefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    await api.close();
  });

  function create(body: object = {}, tenant = acme): Promise<TestResponse<VirtualKeyWithValueView>> {
    return api.call('POST', '/api/v1/keys', {
      token: tenant.token,
      body: { workspace_id: tenant.workspaceId, ...body },
    });
  }
  function call<Body = VirtualKeyView>(
    method: string,
    path: string,
    body?: unknown,
    token = acme.token,
  ): Promise<TestResponse<Body>> {
    return api.call<Body>(method, `/api/v1/keys${path}`, { token, ...(body === undefined ? {} : { body }) });
  }
  const rotate = (id: string, body?: object): Promise<TestResponse<VirtualKeyWithValueView>> =>
    call('POST', `/${id}/rotate`, body);

  async function projected(value: string) {
    const field = `key:${hashVirtualKeyValue(value)}`;
    const text = await redis.hget(`${api.config.redisPrefix}:projection`, field);
    return text === null ? null : parseProjectionDocument('key', text);
  }
  async function auditActions(id: string): Promise<string[]> {
    const events = await api.database.transactions.run('platform', (manager) =>
      manager.find(AuditEventEntity, { where: { targetId: id }, order: { sequence: 'ASC' } }),
    );
    return events.map(({ action }) => action);
  }
  function secretsOf(virtualKeyId: string): Promise<VirtualKeySecretEntity[]> {
    return api.database.transactions.run('platform', (manager) =>
      manager.find(VirtualKeySecretEntity, { where: { virtualKeyId }, order: { id: 'ASC' } }),
    );
  }

  it('may name the member who uses it, which the edges and lists then know', async () => {
    const { body: made } = await create({ user_id: 'anna@example.com' });
    expect(made.user_id).toBe('anna@example.com');
    await create({ user_id: 'bert' });
    await create();
    const listed = await call<VirtualKeyListView>('GET', '?user_id=anna%40example.com');
    expect(listed.body.data.map(({ id }) => id)).toEqual([made.id]);
    expect((await projected(made.key))?.user_id).toBe('anna@example.com');
    expect((await call('PATCH', `/${made.id}`, { user_id: null })).body.user_id).toBeNull();
    expect((await projected(made.key))?.user_id).toBeNull();
    expect(await auditActions(made.id)).toEqual(['virtual_key.created', 'virtual_key.updated']);
    for (const user_id of ['', 'a b', 'ä', 'x'.repeat(129), 'a/b']) {
      expect((await create({ user_id })).status).toBe(400);
    }
  });

  describe('create', () => {
    it('answers with the value, which is live for the edges by then', async () => {
      const settings = {
        key_alias: 'bot',
        models: ['smart', 'openai/*'],
        max_budget: 0.1,
        budget_duration: '30d',
        rpm_limit: 60,
        tpm_limit: 1_000,
        max_parallel_requests: 2,
        metadata: { team: 'support' },
      };
      const { status, body } = await create({ ...settings, duration: '1h' });
      expect(status).toBe(201);
      expect(parseVirtualKeyValue(body.key)).toBe('valid');
      expect(body).toMatchObject({
        ...settings,
        status: 'active',
        blocked: false,
        workspace_id: acme.workspaceId,
        organization_id: acme.organizationId,
        key_name: `sk-...${body.key.slice(-4)}`,
        expires_at: new Date(clock.nowMs() + hourMs).toISOString(),
        mirror: { state: 'pending', error: null },
        version: 1,
      });
      expect(await projected(body.key)).toEqual({
        v: 1,
        key_id: body.id,
        organization_id: acme.organizationId,
        workspace_id: acme.workspaceId,
        key_alias: 'bot',
        models: ['smart', 'openai/*'],
        status: 'active',
        expires_at: body.expires_at,
        rpm_limit: 60,
        tpm_limit: 1_000,
        max_parallel_requests: 2,
        rph_limit: null,
        rpd_limit: null,
        tph_limit: null,
        tpd_limit: null,
        max_budget: '0.1',
        budget_duration: '30d',
        user_id: null,
        service_id: null,
      });
      expect(await auditActions(body.id)).toEqual(['virtual_key.created']);
    });

    it('needs a workspace and nothing else: such a key has no limits and never expires', async () => {
      const { body } = await create();
      expect(body).toMatchObject({
        key_alias: null,
        models: [],
        max_budget: null,
        rpm_limit: null,
        expires_at: null,
        metadata: {},
      });
    });

    it('stores no value: only its hash, and a sealed copy for LiteLLM', async () => {
      const { body } = await create({ key_alias: 'hidden' });
      const tables = ['virtual_keys', 'virtual_key_secrets', 'audit_events', 'outbox_items'];
      for (const table of tables) {
        const rows = await api.database.transactions.run('platform', (manager) =>
          manager.query<{ text: string }[]>(`SELECT t::text AS text FROM ${table} t`),
        );
        expect(rows.filter(({ text }) => text.includes(body.key.slice(6, 40)))).toEqual([]);
      }
      const [secret] = await secretsOf(body.id);
      expect(secret).toMatchObject({ keyHash: hashVirtualKeyValue(body.key) });
      expect(secret!.sealedValue).toMatch(/^v1\.test\./);
    });

    it('takes an alias once per workspace, until its key is deleted', async () => {
      const first = await create({ key_alias: 'bot' });
      expect((await create({ key_alias: 'bot' })).body).toMatchObject({ code: 'virtual_key_alias_taken' });
      await call('DELETE', `/${first.body.id}`);
      expect((await create({ key_alias: 'bot' })).status).toBe(201);
    });

    it('says 404 to a workspace that is unknown, deleted, or of somebody else', async () => {
      const other = await makeTenant('other');
      const deleted = await makeTenant('deleted');
      await api.database.transactions.run('platform', (manager) =>
        manager.update(WorkspaceEntity, { id: deleted.workspaceId }, { deletedAt: new Date() }),
      );
      for (const workspace_id of [newId('workspace'), other.workspaceId]) {
        expect(await create({ workspace_id })).toMatchObject({
          status: 404,
          body: { code: 'workspace_not_found' },
        });
      }
      expect((await create({}, deleted)).status).toBe(404);
    });

    it.each<[string, object]>([
      ['key_alias', { key_alias: '' }],
      ['key_alias', { key_alias: 'two\nlines' }],
      ['models', { models: null }],
      ['models', { models: [''] }],
      ['models', { models: Array.from({ length: 501 }, () => 'a') }],
      ['max_budget', { max_budget: '10' }],
      ['max_budget', { max_budget: -1 }],
      ['max_budget', { max_budget: 1e12 }],
      ['budget_duration', { budget_duration: '1mo' }],
      ['rpm_limit', { rpm_limit: 1.5 }],
      ['tpm_limit', { tpm_limit: 2 ** 31 }],
      ['duration', { duration: '-1' }],
      ['duration', { duration: '9999d' }],
      ['metadata', { metadata: [] }],
      ['metadata', { metadata: { note: 'x'.repeat(11_000) } }],
      ['blocked', { blocked: 'yes' }],
      ['max_buget', { max_buget: 5 }],
      ['key', { key: 'sk-mine-0123456789abcdef' }],
    ])('refuses a wrong %s and says so (#%#)', async (field, body) => {
      const answer = (await create(body)) as unknown as TestResponse<Problem>;
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      expect(answer.body.errors?.map((error) => error.field.split('.')[0])).toContain(field);
    });
  });

  describe('list', () => {
    const ids = ({ body }: TestResponse<VirtualKeyListView>): string[] => body.data.map(({ id }) => id);
    const list = (query = ''): Promise<TestResponse<VirtualKeyListView>> => call('GET', `?${query}`);

    async function createSome(
      count: number,
      more: (index: number) => object = () => ({}),
    ): Promise<string[]> {
      const made: string[] = [];
      for (let index = 0; index < count; index += 1) {
        clock.advanceMs(1);
        made.unshift((await create(more(index))).body.id);
      }
      return made;
    }

    it('shows the newest first, page by page, each key once, without values', async () => {
      const made = await createSome(5);
      const first = await list('limit=2');
      const second = await list(`limit=2&cursor=${first.body.next_cursor}`);
      const third = await list(`limit=2&cursor=${second.body.next_cursor}`);
      expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(made);
      expect(third.body.next_cursor).toBeNull();
      expect(JSON.stringify([first.body, second.body])).not.toContain('sk-sb-');
    });

    it('stays in order while keys are made between two pages', async () => {
      const made = await createSome(3);
      const first = await list('limit=2');
      await createSome(2);
      expect(ids(await list(`limit=2&cursor=${first.body.next_cursor}`))).toEqual(made.slice(2));
    });

    it('filters by workspace, organization, alias and status', async () => {
      const [active, expired, blocked, revoked] = (
        await createSome(4, (index) => ({ key_alias: `bot-${index}`, duration: index === 1 ? '30s' : null }))
      ).reverse() as [string, string, string, string];
      await call('PATCH', `/${blocked}`, { blocked: true });
      await call('POST', `/${revoked}/revoke`);
      clock.advanceMs(31_000);
      expect(ids(await list('status=active'))).toEqual([active]);
      expect(ids(await list('status=expired'))).toEqual([expired]);
      expect(ids(await list('status=blocked'))).toEqual([blocked]);
      expect(ids(await list('status=revoked'))).toEqual([revoked]);
      expect(ids(await list('key_alias=bot-2'))).toEqual([blocked]);
      expect(ids(await list(`workspace_id=${acme.workspaceId}`))).toHaveLength(4);
      expect(ids(await list(`workspace_id=${newId('workspace')}`))).toEqual([]);
      const asPlatform = await call<VirtualKeyListView>(
        'GET',
        `?organization_id=${acme.organizationId}`,
        undefined,
        platform,
      );
      expect(ids(asPlatform)).toHaveLength(4);
    });

    it('searches alias, id and the shown end of a value, taking % and _ as they are', async () => {
      const { body } = await create({ key_alias: '100%_sure' });
      await create({ key_alias: '100 other' });
      const end = body.key.slice(-4);
      for (const search of ['100%', '%_SURE', body.id.slice(4), end]) {
        expect(ids(await list(`search=${encodeURIComponent(search)}`))).toContain(body.id);
      }
      expect(ids(await list('search=100%25'))).toEqual([body.id]);
      expect(ids(await list('search=nothing-like-it'))).toEqual([]);
    });

    it('refuses a cursor that is not one of its own', async () => {
      const forged = Buffer.from('c1:\0').toString('base64url');
      for (const cursor of ['x', forged, Buffer.from("c1:' OR 1=1").toString('base64url')]) {
        expect(await list(`cursor=${cursor}`)).toMatchObject({
          status: 400,
          body: { code: 'cursor_invalid' },
        });
      }
    });
  });

  describe('update', () => {
    it('changes the given fields only, and is live at once', async () => {
      const { body } = await create({ models: ['a'], rpm_limit: 5, duration: '1h' });
      const changed = await call('PATCH', `/${body.id}`, { models: [], max_budget: 3.5, duration: null });
      expect(changed).toMatchObject({
        status: 200,
        body: {
          models: [],
          max_budget: 3.5,
          expires_at: null,
          rpm_limit: 5,
          version: 2,
          mirror: { state: 'pending' },
        },
      });
      expect(await projected(body.key)).toMatchObject({
        v: 2,
        models: [],
        max_budget: '3.5',
        expires_at: null,
      });
    });

    it('blocks and unblocks', async () => {
      const { body } = await create();
      await call('PATCH', `/${body.id}`, { blocked: true });
      expect(await projected(body.key)).toMatchObject({ status: 'blocked' });
      await call('PATCH', `/${body.id}`, { blocked: false });
      expect(await projected(body.key)).toMatchObject({ v: 3, status: 'active' });
    });

    it('does nothing, not even a new version, when nothing differs', async () => {
      const { body } = await create({ key_alias: 'same', rpm_limit: 5 });
      const answer = await call('PATCH', `/${body.id}`, { key_alias: 'same', rpm_limit: 5 });
      expect(answer.body).toMatchObject({ version: 1 });
      expect(await auditActions(body.id)).toEqual(['virtual_key.created']);
    });

    it('brings an expired key back with a new duration', async () => {
      const { body } = await create({ duration: '1s' });
      clock.advanceMs(2_000);
      expect((await call('GET', `/${body.id}`)).body.status).toBe('expired');
      const renewed = await call('PATCH', `/${body.id}`, { duration: '1h' });
      expect(renewed.body).toMatchObject({ status: 'active' });
    });

    it('refuses a taken alias, an outdated version, and a revoked key', async () => {
      await create({ key_alias: 'taken' });
      const { body } = await create();
      expect((await call('PATCH', `/${body.id}`, { key_alias: 'taken' })).body).toMatchObject({
        code: 'virtual_key_alias_taken',
      });
      expect((await call('PATCH', `/${body.id}`, { rpm_limit: 1, version: 7 })).body).toMatchObject({
        code: 'version_conflict',
      });
      await call('POST', `/${body.id}/revoke`);
      expect((await call('PATCH', `/${body.id}`, { rpm_limit: 1 })).body).toMatchObject({
        code: 'virtual_key_revoked',
      });
    });

    it('loses no change when many arrive at once', async () => {
      const { body } = await create();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_item, index) => call('PATCH', `/${body.id}`, { rpm_limit: index + 1 })),
      );
      expect(answers.map(({ body: { version } }) => version).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
      const { body: last } = await call('GET', `/${body.id}`);
      expect(await projected(body.key)).toMatchObject({ v: 9, rpm_limit: last.rpm_limit });
    });
  });

  describe('rotate', () => {
    it('ends the older value at once unless an overlap is asked for', async () => {
      const { body } = await create();
      clock.advanceMs(1_000);
      const rotated = await rotate(body.id);
      expect(rotated.status).toBe(201);
      expect(rotated.body.key).not.toBe(body.key);
      expect(await projected(body.key)).toMatchObject({ expires_at: clock.now().toISOString() });
      expect(await projected(rotated.body.key)).toMatchObject({ expires_at: null, status: 'active' });
      expect(rotated.body.values.map(({ key_name }) => key_name)).toEqual([
        `sk-...${rotated.body.key.slice(-4)}`,
      ]);
      const [older] = await secretsOf(body.id);
      expect(older).toMatchObject({ sealedValue: null });
    });

    it('keeps the older value for the overlap, but never longer than it or the key had', async () => {
      const { body } = await create({ duration: '2h' });
      clock.advanceMs(1_000);
      const first = await rotate(body.id, { overlap: '3h' });
      const firstEnd = new Date(clock.nowMs() + 3 * hourMs).toISOString();
      expect(first.body.values.map(({ valid_until }) => valid_until)).toEqual([null, firstEnd]);
      expect(await projected(body.key)).toMatchObject({ expires_at: body.expires_at });
      clock.advanceMs(1_000);
      const second = await rotate(body.id, { overlap: '10m' });
      const secondEnd = new Date(clock.nowMs() + 600_000).toISOString();
      expect(second.body.values.map(({ valid_until }) => valid_until)).toEqual([null, secondEnd, secondEnd]);
      for (const value of [body.key, first.body.key]) {
        expect(await projected(value)).toMatchObject({ expires_at: secondEnd });
      }
    });

    it('allows five valid values, and always a rotation that ends the others', async () => {
      const { body } = await create();
      for (let count = 2; count <= 5; count += 1) {
        clock.advanceMs(1);
        expect((await rotate(body.id, { overlap: '1d' })).status).toBe(201);
      }
      clock.advanceMs(1);
      expect(await rotate(body.id, { overlap: '1d' })).toMatchObject({
        status: 409,
        body: { code: 'virtual_key_too_many_values' },
      });
      const last = await rotate(body.id, { overlap: '0s' });
      expect(last.body.values).toHaveLength(1);
    });

    it.each(['-1', '31d', '', null, 5])('refuses the overlap %p', async (overlap) => {
      const { body } = await create();
      expect(await rotate(body.id, { overlap })).toMatchObject({ status: 400 });
    });
  });

  describe('revoke and delete', () => {
    it('refuse the key at once and for good, and erase what waited for LiteLLM', async () => {
      const { body } = await create();
      const revoked = await call('POST', `/${body.id}/revoke`);
      expect(revoked).toMatchObject({ status: 200, body: { status: 'revoked', values: [], version: 2 } });
      expect(await projected(body.key)).toMatchObject({ status: 'revoked' });
      expect(await secretsOf(body.id)).toMatchObject([{ sealedValue: null }]);
      expect(await rotate(body.id)).toMatchObject({ status: 409, body: { code: 'virtual_key_revoked' } });
    });

    it('revoke twice is revoke once', async () => {
      const { body } = await create();
      const first = await call('POST', `/${body.id}/revoke`);
      clock.advanceMs(1_000);
      expect((await call('POST', `/${body.id}/revoke`)).body).toEqual(first.body);
      expect(await auditActions(body.id)).toEqual(['virtual_key.created', 'virtual_key.revoked']);
    });

    it('a deleted key is not found any more; the edges know that it is deleted', async () => {
      const { body } = await create();
      expect(await call<object>('DELETE', `/${body.id}`)).toMatchObject({
        status: 200,
        body: { id: body.id, deleted: true, receipt: { version: 2, complete: true, edges: [] } },
      });
      expect(await projected(body.key)).toMatchObject({ status: 'deleted' });
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['PATCH', ''],
        ['POST', '/rotate'],
        ['POST', '/revoke'],
      ] as const) {
        const answer = await call(method, `/${body.id}${path}`, method === 'GET' ? undefined : {});
        expect(answer).toMatchObject({ status: 404, body: { code: 'virtual_key_not_found' } });
      }
      expect((await call<VirtualKeyListView>('GET', '')).body.data).toEqual([]);
    });
  });

  it('of another organization are not found, whatever is tried', async () => {
    const { body } = await create();
    const other = await makeTenant('other');
    const tries: [string, string, unknown?][] = [
      ['GET', ''],
      ['PATCH', '', { blocked: true }],
      ['DELETE', ''],
      ['POST', '/rotate', {}],
      ['POST', '/revoke', {}],
    ];
    for (const [method, path, sent] of tries) {
      expect(await call(method, `/${body.id}${path}`, sent, other.token)).toMatchObject({ status: 404 });
    }
    const listed = await call<VirtualKeyListView>(
      'GET',
      `?organization_id=${acme.organizationId}`,
      undefined,
      other.token,
    );
    expect(listed.body.data).toEqual([]);
    expect((await call('GET', `/${body.id}`)).body).toMatchObject({ version: 1, status: 'active' });
  });
});
