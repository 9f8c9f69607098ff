import { MaintenanceRunner } from '@signalbox/domain/maintenance';
import { SecretStores } from '@signalbox/domain/secrets';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { MaintenanceRunListView, MaintenanceRunView } from './maintenance-run.dto';

let api: ApiApp;
let token: string;
const path = '/api/v1/maintenance/runs';
const newKey = { kid: 'new', key: Buffer.alloc(32, 6) };
const oldKey = { kid: 'old', key: Buffer.alloc(32, 5) };

beforeAll(async () => {
  api = await openApiApp({ config: { encryptionKeys: [newKey, oldKey] } });
  token = await api.createToken({ scopes: ['maintenance:write'] });
});
afterAll(() => api.close());

const start = (body: object) =>
  api.call<MaintenanceRunView & { code?: string }>('POST', path, { token, body });
const show = (id: string) => api.call<MaintenanceRunView>('GET', `${path}/${id}`, { token });

it('a run is started, shown with its progress, listed, and done by whoever works', async () => {
  const name = 'OPENAI__1';
  await api.get(SecretStores).active.write({ organizationId: null, area: 'credentials', name }, 'sk-1');
  await api.database.transactions.run('platform', (manager) =>
    manager.query(`UPDATE sealed_secrets SET key_id = 'lost', sealed_value = 'e1.lost.a.b.c'`),
  );
  const started = await start({ kind: 'reencrypt_secrets' });
  expect([started.status, started.body.status, started.body.total]).toEqual([201, 'running', 1]);
  expect((await start({ kind: 'reencrypt_secrets', dry_run: true })).body.code).toBe(
    'maintenance_run_in_progress',
  );

  await api.get(MaintenanceRunner).resume('reencrypt_secrets', new AbortController().signal);
  const { body } = await show(started.body.id);
  expect(body).toMatchObject({ status: 'failed', dry_run: false, done: 0, failed: 1 });
  expect(body.problems[0]?.reason).toContain('"lost"');
  expect(body.finished_at).not.toBeNull();
  const list = await api.call<MaintenanceRunListView>('GET', `${path}?kind=reencrypt_secrets&status=failed`, {
    token,
  });
  expect(list.body.data).toEqual([body]);
});

it('a run is cancelled, once', async () => {
  const { body } = await start({ kind: 'move_secrets', dry_run: true, parameters: { to: 'sealed' } });
  expect([body.parameters, body.dry_run]).toEqual([{ to: 'sealed' }, true]);
  const cancelled = await api.call<MaintenanceRunView>('POST', `${path}/${body.id}/cancel`, { token });
  expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
  const again = await api.call<MaintenanceRunView>('POST', `${path}/${body.id}/cancel`, { token });
  expect(again.body).toEqual(cancelled.body);
});

it.each([
  [{ kind: 'import_fernet' }, 400, 'validation_failed'],
  [{ kind: 'move_secrets' }, 400, 'validation_failed'],
  [{ kind: 'move_secrets', parameters: { to: 'vault' } }, 400, 'validation_failed'],
  [{ kind: 'reencrypt_secrets', parameters: { to: 'sealed' } }, 400, 'validation_failed'],
  [{ kind: 'move_secrets', parameters: { to: 'infisical' } }, 503, 'secret_store_unavailable'],
])('%j is refused', async (body, status, code) => {
  const answer = await start(body);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
});

it('no run is shown to tenants', async () => {
  const tenant = await api.createToken({ organizationId: 'org_01m7ykrzh0earb9nt9fe65dsgn' });
  for (const [method, route] of [
    ['GET', path],
    ['POST', path],
  ] as const) {
    const body = method === 'POST' ? { kind: 'reencrypt_secrets' } : undefined;
    const answer = await api.call<{ code: string }>(method, route, { token: tenant, body });
    expect([answer.status, answer.body.code]).toEqual([403, 'platform_only']);
  }
});
