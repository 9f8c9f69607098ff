import { ManualClock } from '@signalbox/common';
import { RotationRunner } from '@signalbox/domain/rotations';
import {
  type CredentialsBench,
  openCredentialsBench,
  type ShownCredential,
  type Tenant,
} from '../../../../test/support/credentials-bench';
import type { RotationListView, RotationWithEventsView, StartedKeyRotationView } from './rotation.view';

const clock = new ManualClock(Date.now());
const hourMs = 3_600_000;
let bench: CredentialsBench;
let acme: Tenant;
let globex: Tenant;
let count = 0;

beforeAll(async () => {
  bench = await openCredentialsBench({ clock });
  const body = { name: 'demo-server', kind: 'demo' };
  await bench.api.call('POST', '/api/v1/llm/providers', { token: bench.platformToken, body });
  acme = await bench.tenant('acme');
  globex = await bench.tenant('globex');
});

afterAll(() => bench.api.close());

function call<Body = RotationWithEventsView>(
  method: string,
  path: string,
  body?: object,
  token = acme.token,
  headers: Record<string, string> = {},
) {
  return bench.api.call<Body>(method, `/api/v1${path}`, { token, headers, ...(body ? { body } : {}) });
}

async function savedCredential(): Promise<string> {
  count += 1;
  const answer = await bench.save(acme.token, {
    provider: 'demo-server',
    user_id: `user-${count}`,
    api_key: `demo-key-${count}-0123456789`,
  });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function key(): Promise<string> {
  const body = { workspace_id: acme.workspaceId };
  return (await call<{ id: string }>('POST', '/keys', body)).body.id;
}

/** What the worker does, in the time that it takes. */
async function work(id: string, step: string): Promise<RotationWithEventsView> {
  for (let round = 0; round < 50; round += 1) {
    await bench.api.get(RotationRunner).advanceDue(new AbortController().signal);
    const { body } = await call('GET', `/rotations/${id}`);
    if (body.step === step || body.finished_at !== null) return body;
    clock.advanceMs(5_000);
  }
  throw new Error(`${id} does not get to ${step}`);
}

describe('a rotation of a credential', () => {
  it('is started with 202, followed step by step, and ends with a history', async () => {
    const credential = await savedCredential();
    const next = `demo-next-${count}-0123456789`;
    const started = await call('POST', `/credentials/${credential}/rotate`, { api_key: next, grace: '1h' });
    expect(started).toMatchObject({
      status: 202,
      body: {
        subject_type: 'credential',
        subject_id: credential,
        organization_id: acme.organizationId,
        method: 'given',
        trigger: 'request',
        status: 'running',
        step: 'validate',
        percent: 0,
        grace_seconds: 3_600,
        waits_until: null,
      },
    });
    const { id } = started.body;
    const watched = await work(id, 'watch');
    expect(watched.waits_until).toBe(new Date(clock.nowMs() + hourMs).toISOString());
    expect((await call<ShownCredential>('GET', `/credentials/${credential}`)).body).toMatchObject({
      key_name: expect.stringContaining(next.slice(-4)) as string,
    });
    expect((await call('POST', `/rotations/${id}/retire`)).status).toBe(200);
    const ended = await work(id, 'finished');
    expect(ended).toMatchObject({ status: 'done', percent: 100, error_code: null });
    expect(ended.events.map(({ step }) => step)).toEqual([
      'request',
      'stage',
      'validate',
      'switch',
      'watch',
      'retire',
      'erase',
    ]);
    expect(JSON.stringify(ended)).not.toContain(next);
  });

  it('is rolled back: the old value is current again', async () => {
    const credential = await savedCredential();
    const before = (await call<ShownCredential>('GET', `/credentials/${credential}`)).body;
    const { body } = await call('POST', `/credentials/${credential}/rotate`, {
      api_key: `demo-other-${count}-0123456789`,
    });
    await work(body.id, 'watch');
    const answer = await call('POST', `/rotations/${body.id}/rollback`);
    expect(answer).toMatchObject({ status: 200, body: { status: 'rolled_back' } });
    expect((await call<ShownCredential>('GET', `/credentials/${credential}`)).body).toMatchObject({
      key_name: before.key_name,
      fingerprint: before.fingerprint,
    });
    expect(await call('POST', `/rotations/${body.id}/rollback`)).toMatchObject({
      status: 409,
      body: { code: 'rotation_finished' },
    });
  });

  it('makes one rotation of a repeated request', async () => {
    const credential = await savedCredential();
    const body = { api_key: `demo-once-${count}-0123456789` };
    const headers = { 'idempotency-key': 'rotate-once' };
    const path = `/credentials/${credential}/rotate`;
    const first = await call('POST', path, body, acme.token, headers);
    const second = await call('POST', path, body, acme.token, headers);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await call('POST', path, body)).toMatchObject({
      status: 409,
      body: { code: 'rotation_in_progress' },
    });
    expect(await call('POST', `/rotations/${first.body.id}/cancel`)).toMatchObject({
      body: { status: 'cancelled' },
    });
  });
});

describe('a rotation of a virtual key', () => {
  it('answers with the new value once, also to a repeated request', async () => {
    const keyId = await key();
    const headers = { 'idempotency-key': 'rotate-key-once' };
    const start = () =>
      call<StartedKeyRotationView>('POST', `/keys/${keyId}/rotations`, { grace: '2h' }, acme.token, headers);
    const first = await start();
    expect(first).toMatchObject({ status: 201, body: { step: 'watch', status: 'running' } });
    expect(first.body.key).toMatch(/^sk-sb-/);
    expect((await start()).body).toEqual(first.body);
    const shown = await call('GET', `/rotations/${first.body.id}`);
    expect(JSON.stringify(shown.body)).not.toContain(first.body.key);
    const { body } = await call<{ values: { valid_until: string | null }[] }>('GET', `/keys/${keyId}`);
    expect(body.values).toHaveLength(2);
  });
});

describe('rotations', () => {
  it('are listed newest first, page by page, by subject and status', async () => {
    const keyId = await key();
    // Ids of one millisecond of a clock that stands still have no order among those of the process's real time.
    clock.advanceMs(1);
    const started = await call<StartedKeyRotationView>('POST', `/keys/${keyId}/rotations`, {});
    const ofKey = await call<RotationListView>('GET', `/rotations?subject_id=${keyId}`);
    expect(ofKey.body.data.map(({ id }) => id)).toEqual([started.body.id]);
    const all: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = (await call<RotationListView>('GET', `/rotations?limit=2${more}`)).body;
      all.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(all).toEqual([...new Set(all)].sort().reverse());
    expect(all[0]).toBe(started.body.id);
    const running = await call<RotationListView>('GET', '/rotations?status=running');
    expect(new Set(running.body.data.map(({ status }) => status))).toEqual(new Set(['running']));
  });

  it('are seen with the scope of their subject', async () => {
    const { organizationId } = acme;
    const credentials = await bench.api.createToken({ organizationId, scopes: ['credentials:read'] });
    const keys = await bench.api.createToken({ organizationId, scopes: ['keys:read'] });
    const keyId = await key();
    const { body } = await call<StartedKeyRotationView>('POST', `/keys/${keyId}/rotations`, {});
    const listed = await call<RotationListView>('GET', '/rotations', undefined, credentials);
    expect(new Set(listed.body.data.map(({ subject_type }) => subject_type))).toEqual(
      new Set(['credential']),
    );
    expect((await call('GET', '/rotations', undefined, keys)).status).toBe(403);
    expect((await call('GET', `/rotations?subject_id=${keyId}`, undefined, keys)).status).toBe(200);
    expect((await call('GET', `/rotations/${body.id}`, undefined, keys)).status).toBe(200);
    expect((await call('GET', `/rotations/${body.id}`, undefined, credentials)).status).toBe(403);
    expect((await call('POST', `/rotations/${body.id}/retire`, undefined, keys)).status).toBe(403);
  });

  it('of another organization do not exist', async () => {
    const credential = await savedCredential();
    const keyId = await key();
    const { body } = await call<StartedKeyRotationView>('POST', `/keys/${keyId}/rotations`, {});
    const tries: [string, string, object?][] = [
      ['GET', `/rotations/${body.id}`],
      ['POST', `/rotations/${body.id}/rollback`],
      ['POST', `/rotations/${body.id}/cancel`],
      ['POST', `/rotations/${body.id}/retire`],
      ['POST', `/credentials/${credential}/rotate`, { api_key: 'demo-foreign-0123456789' }],
      ['POST', `/keys/${keyId}/rotations`, {}],
    ];
    for (const [method, path, sent] of tries)
      expect((await call(method, path, sent, globex.token)).status).toBe(404);
    const listed = await call<RotationListView>('GET', '/rotations', undefined, globex.token);
    expect(listed.body.data).toEqual([]);
  });
});
