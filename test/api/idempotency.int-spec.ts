import { ManualClock, newId } from '@signalbox/common';
import { IdempotencyRecordEntity } from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { IdempotencyService } from '@signalbox/domain/idempotency';
import { OrganizationService } from '@signalbox/domain/organizations';
import { ProjectionService } from '@signalbox/domain/projection';
import type { ApiApp } from '../support/api-app';
import { titled, tokenRoutes } from './api-routes';
import { requiredBody } from './body-examples';
import { codeOf } from './problem-expectations';
import { openApiWithoutWorker, pathWith, seedPlatform, seedWorld, type World } from './seeded-world';

jest.setTimeout(60_000);

let api: ApiApp;
let token: string;
let world: World;
const clock = new ManualClock(Date.now());

beforeAll(async () => {
  api = await openApiWithoutWorker({ clock });
  token = await api.createToken();
  world = await seedWorld(api, 'canary', await seedPlatform(api));
});

afterAll(() => api.close());

let keyCount = 0;
const nextKey = (): string => `key-${(keyCount += 1)}`;

function post(path: string, key: string, body: unknown) {
  return api.call<{ id: string }>('POST', path, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': key },
  });
}

async function auditEventCount(): Promise<number> {
  const rows = await api.database.transactions.run('platform', (manager) =>
    manager.query('SELECT count(*)::int AS count FROM audit_events'),
  );
  return (rows as { count: number }[])[0]?.count ?? 0;
}

const replayed = tokenRoutes.filter(({ method, isAnswerNotKept }) => method === 'POST' && !isAnswerNotKept);

describe.each(titled(replayed))('%s', (_title, route) => {
  it('does its work once per Idempotency-Key', async () => {
    const key = nextKey();
    const path = pathWith(route, world.ids);
    const body = requiredBody(route, world.ids);
    const first = await post(path, key, body);
    const eventsAfterFirst = await auditEventCount();
    const second = await post(path, key, body);
    if (first.status >= 400) {
      // Nothing was done, so the key is free and the request is tried anew.
      expect([second.status, codeOf(second)]).toEqual([first.status, codeOf(first)]);
      expect(second.headers.get('idempotent-replayed')).toBeNull();
      return;
    }
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await auditEventCount()).toBe(eventsAfterFirst);
    const other = await post(path, key, { ...body, note: 'another body', name: 'another' });
    expect(other.status === 422 || other.status === 400).toBe(true);
  });
});

const path = '/api/v1/organizations';

function organizationsNamed(name: string) {
  return api.call<{ data: { id: string }[] }>('GET', `${path}?search=${name}`, { token });
}

describe('an Idempotency-Key', () => {
  it('makes one thing of many requests at the same time', async () => {
    const key = nextKey();
    const answers = await Promise.all(Array.from({ length: 12 }, () => post(path, key, { name: 'at-once' })));
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    const codes = answers.filter(({ status }) => status !== 201).map(codeOf);
    expect(new Set(codes)).toEqual(codes.length === 0 ? new Set() : new Set(['idempotency_in_progress']));
    expect((await organizationsNamed('at-once')).body.data).toHaveLength(1);
  });

  it('is refused with another request: body, path', async () => {
    const key = nextKey();
    await post(path, key, { name: 'mine' });
    expect(codeOf(await post(path, key, { name: 'other' }))).toBe('idempotency_key_reused');
    const body = { organization_id: world.ids.organization, name: 'mine' };
    expect(codeOf(await post('/api/v1/workspaces', key, body))).toBe('idempotency_key_reused');
  });

  it('is free again after a request that failed', async () => {
    const key = nextKey();
    expect((await post(path, key, { name: '' })).status).toBe(400);
    expect((await post(path, key, { name: 'better' })).status).toBe(201);
  });

  it('belongs to one token', async () => {
    const key = nextKey();
    const first = await post(path, key, { name: 'one' });
    const other = await api.call<{ id: string }>('POST', path, {
      token: await api.createToken(),
      body: { name: 'one' },
      headers: { 'idempotency-key': key },
    });
    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it.each(['', 'with space', 'x'.repeat(256), 'ümlaut'])('must be visible ASCII, not %p', async (key) => {
    expect(codeOf(await post(path, key, { name: 'x' }))).toBe('idempotency_key_invalid');
  });

  it('does its work anew after 24 hours', async () => {
    const key = nextKey();
    const first = await post(path, key, { name: 'daily' });
    clock.advanceMs(24 * 3_600_000 + 1);
    const second = await post(path, key, { name: 'daily' });
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('keeps answers sealed: the value of a new token is in no column', async () => {
    const key = nextKey();
    const { body } = await post('/api/v1/service-tokens', key, { name: 'x', scopes: ['keys:read'] });
    const value = (body as unknown as { token: string }).token;
    const rows = await api.database.transactions.run('platform', (manager) =>
      manager.find(IdempotencyRecordEntity),
    );
    expect(rows.find(({ idempotencyKey }) => idempotencyKey === key)?.responseStatus).toBe(201);
    expect(JSON.stringify(rows)).not.toContain(value);
  });
});

describe('a process that dies', () => {
  const request = (key: string, name: string) => ({ key, method: 'POST', path, body: { name } });

  /** As the interceptor does, up to the point of death. */
  async function begin(key: string, name: string): Promise<Caller> {
    const whoami = await api.call<{ id: string }>('GET', '/api/v1/whoami', { token });
    const caller: Caller = { ...systemCaller(whoami.body.id), actorType: 'service_token' };
    const start = await api.get(IdempotencyService).start(caller, request(key, name));
    if (start.kind !== 'run') throw new Error('the key is not free');
    return { ...caller, idempotency: start.claim };
  }

  it('before its change leaves the key to the next try, once its lease is over', async () => {
    const key = nextKey();
    await begin(key, 'died-early');
    expect(codeOf(await post(path, key, { name: 'died-early' }))).toBe('idempotency_in_progress');
    clock.advanceMs(30_001);
    expect((await post(path, key, { name: 'died-early' })).status).toBe(201);
    expect((await organizationsNamed('died-early')).body.data).toHaveLength(1);
  });

  it('after its change and before its answer makes no second change, and says what it made', async () => {
    const key = nextKey();
    const caller = await begin(key, 'died-late');
    const { id } = await api.get(OrganizationService).create(caller, { name: 'died-late' });
    expect(codeOf(await post(path, key, { name: 'died-late' }))).toBe('idempotency_in_progress');
    clock.advanceMs(30_001);
    const answer = await post(path, key, { name: 'died-late' });
    expect(codeOf(answer)).toBe('idempotency_answer_lost');
    expect((answer.body as unknown as { detail: string }).detail).toContain(id);
    expect((await organizationsNamed('died-late')).body.data).toHaveLength(1);
  });

  it('or fails after its change, is known to have made it at once', async () => {
    const key = nextKey();
    jest.spyOn(api.get(ProjectionService), 'drainNow').mockRejectedValueOnce(new Error('after the commit'));
    expect((await post(path, key, { name: 'failed-late' })).status).toBe(500);
    expect(codeOf(await post(path, key, { name: 'failed-late' }))).toBe('idempotency_answer_lost');
    expect((await organizationsNamed('failed-late')).body.data).toHaveLength(1);
  });

  it('and comes back too late, after another took over, commits nothing', async () => {
    const key = nextKey();
    const slow = await begin(key, 'too-late');
    clock.advanceMs(30_001);
    expect((await post(path, key, { name: 'too-late' })).status).toBe(201);
    await expect(api.get(OrganizationService).create(slow, { name: 'too-late' })).rejects.toMatchObject({
      code: 'idempotency_in_progress',
    });
    expect((await organizationsNamed('too-late')).body.data).toHaveLength(1);
  });

  it('leaves records that later requests clear away', async () => {
    await begin(nextKey(), newId('request'));
    clock.advanceMs(25 * 3_600_000);
    for (let round = 0; round < 20; round += 1) await post(path, nextKey(), { name: 'clears' });
    const rows = await api.database.transactions.run('platform', (manager) =>
      manager.find(IdempotencyRecordEntity),
    );
    expect(rows.every(({ expiresAt }) => expiresAt > clock.now())).toBe(true);
  });
});
