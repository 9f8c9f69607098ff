import { Client } from 'pg';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Event {
  id: string;
  action: string;
  actor_id: string;
  target_id: string;
  target_type: string;
  request_id: string;
  occurred_at: string;
  organization_id: string;
  changes: Record<string, unknown>;
}
interface Verification {
  ok: boolean;
  chains: {
    chain: string;
    event_count: number;
    broken: { event_id: string | null; reason: string } | null;
  }[];
}

let api: ApiApp;
let token: string;
let organizationId: string;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  const made = await api.call<{ id: string }>('POST', '/api/v1/organizations', {
    token,
    body: { name: 'Acme', metadata: { note: 'canary-in-metadata' } },
    headers: { 'x-request-id': 'trace-audit-1' },
  });
  organizationId = made.body.id;
  for (const name of ['one', 'two']) {
    await api.call('POST', '/api/v1/workspaces', { token, body: { organization_id: organizationId, name } });
  }
});

afterAll(() => api.close());

const list = async (query: string) =>
  (await api.call<{ data: Event[] }>('GET', `/api/v1/audit-events?${query}`, { token })).body.data;

describe('audit events', () => {
  it('say who did what to what, when and in which request', async () => {
    const [event] = await list('request_id=trace-audit-1');
    const whoami = await api.call<{ id: string }>('GET', '/api/v1/whoami', { token });
    expect(event).toMatchObject({
      action: 'organization.created',
      target_type: 'organization',
      target_id: organizationId,
      organization_id: organizationId,
      actor_id: whoami.body.id,
      changes: { name: 'Acme', blocked: false },
    });
    const shown = await api.call('GET', `/api/v1/audit-events/${event?.id}`, { token });
    expect(shown.body).toEqual(event);
  });

  it('hold no value of a token, and nothing of metadata', async () => {
    const made = await api.call<{ token: string }>('POST', '/api/v1/service-tokens', {
      token,
      body: { name: 'x', scopes: ['audit:read'] },
    });
    const text = JSON.stringify(await list('limit=200'));
    expect(text).not.toContain(made.body.token.slice(4, 20));
    expect(text).not.toContain('canary-in-metadata');
  });

  it('are filtered by action, target, actor and time', async () => {
    const whoami = await api.call<{ id: string }>('GET', '/api/v1/whoami', { token });
    expect(await list(`organization_id=${organizationId}&action=workspace.created`)).toHaveLength(2);
    expect(await list(`target_type=organization&target_id=${organizationId}`)).toHaveLength(1);
    expect(await list(`actor_id=${whoami.body.id}&action=workspace.created`)).toHaveLength(2);
    expect(await list('actor_id=tok_nobody')).toEqual([]);
    const [newest] = await list(`organization_id=${organizationId}`);
    const at = encodeURIComponent(newest?.occurred_at ?? '');
    expect((await list(`organization_id=${organizationId}&from=${at}`)).map(({ id }) => id)).toEqual([
      newest?.id,
    ]);
    expect(await list(`organization_id=${organizationId}&to=${at}`)).toHaveLength(2);
    expect(await list('to=2020-01-01')).toEqual([]);
  });
});

describe('verification', () => {
  const verify = async () =>
    (await api.call<Verification>('GET', '/api/v1/audit-events/verify', { token })).body;

  async function asOwner(sql: string, parameters: unknown[] = []): Promise<void> {
    const owner = new Client({ connectionString: api.database.ownerUrl });
    await owner.connect();
    await owner.query(sql, parameters);
    await owner.end();
  }

  it('finds every chain in order, and shows an organization only its own', async () => {
    const all = await verify();
    expect(all.ok).toBe(true);
    expect(all.chains.map(({ chain }) => chain).sort()).toEqual([organizationId, 'platform'].sort());
    const own = await api.createToken({ organizationId });
    const { body } = await api.call<Verification>('GET', '/api/v1/audit-events/verify', { token: own });
    expect(body).toEqual({ ok: true, chains: [{ chain: organizationId, event_count: 3, broken: null }] });
  });

  it('stays in order while many write at the same time', async () => {
    const write = (index: number) =>
      api.call('POST', '/api/v1/workspaces', {
        token,
        body: { organization_id: organizationId, name: `at-once-${index}` },
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => write(index)));
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('names the first event that somebody changed by hand', async () => {
    const events = await list(`organization_id=${organizationId}&action=workspace.created&limit=200`);
    const victim = events[events.length - 1];
    await asOwner(`UPDATE audit_events SET actor_id = 'tok_somebody_else' WHERE id = $1`, [victim?.id]);
    const result = await verify();
    expect(result.ok).toBe(false);
    expect(result.chains.find(({ chain }) => chain === organizationId)?.broken).toEqual({
      sequence: 2,
      event_id: victim?.id,
      reason: 'its content was changed after it was written',
    });
    await asOwner('UPDATE audit_events SET actor_id = $2 WHERE id = $1', [victim?.id, victim?.actor_id]);
    expect((await verify()).ok).toBe(true);
  });

  it('notices that the last events were cut off', async () => {
    await asOwner(
      `WITH last AS (SELECT max(sequence) AS sequence FROM audit_events WHERE chain = 'platform')
       DELETE FROM audit_events USING last WHERE chain = 'platform' AND audit_events.sequence = last.sequence`,
    );
    const { chains } = await verify();
    expect(chains.find(({ chain }) => chain === 'platform')?.broken?.reason).toContain('at the end');
  });
});
