import { newId } from '@signalbox/common';
import { DeprecationService } from '@signalbox/domain/catalogue';
import { Client } from 'pg';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { ModelPage } from '../models/model.dto';
import type { DeprecationList } from './deprecation.dto';

let api: ApiApp;
let token: string;
const ids = { organization: newId('organization'), workspace: newId('workspace') };
const keys = { named: newId('virtualKey'), used: newId('virtualKey'), other: newId('virtualKey') };

const query = <Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []) =>
  api.database.transactions.run('platform', (manager) => manager.query<Row[]>(sql, parameters));
const list = async (more = '') =>
  (await api.call<DeprecationList>('GET', `/api/v1/llm/catalogue/deprecations${more}`, { token })).body;

async function addEntry(
  id: string,
  status: string,
  price: string,
  more: { at?: string; context?: number } = {},
) {
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fields, provenance, fingerprint, vanished_at, expires_on)
     VALUES ($1, $1, 'openai', 'chat', $2, jsonb_build_object('context_length', $3::int),
       jsonb_build_object('expires_on', jsonb_build_object('source', 'openrouter', 'at', $4::text)), 'f',
       CASE WHEN $2 = 'vanished' THEN $4::timestamptz END, CASE WHEN $2 = 'deprecated' THEN date '2027-01-31' END)`,
    [id, status, more.context ?? 128_000, more.at ?? '2026-11-01T00:00:00Z'],
  );
  await query(
    `INSERT INTO catalogue_prices (id, entry_id, provider, prices, source, effective_from)
     VALUES ($1, $2, 'openai', jsonb_build_object('input', $3::text), 'litellm', '2026-01-01')`,
    [newId('cataloguePrice'), id, price],
  );
}

async function addUse(model: string, upstream: string): Promise<string> {
  const [provider, modelId, deployment] = [newId('provider'), newId('model'), newId('deployment')];
  await query(`INSERT INTO providers (id, name, kind) VALUES ($1, $1, 'openai')`, [provider]);
  await query('INSERT INTO models (id, name) VALUES ($1, $2)', [modelId, model]);
  await query('INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ($1, $2, $3, $4)', [
    deployment,
    modelId,
    provider,
    upstream,
  ]);
  return deployment;
}

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken({ scopes: ['models:read'] });
  await addEntry('openai/old', 'deprecated', '0.00001');
  await addEntry('openai/gone', 'vanished', '0.000001', { at: '2026-11-20T00:00:00Z' });
  await addEntry('openai/unused', 'vanished', '0.000001');
  await addEntry('openai/new', 'active', '0.000008');
  await addEntry('openai/mini', 'active', '0.0000009');
  const deployment = await addUse('smart', 'old');
  await addUse('cheap', 'gone');
  await addUse('fine', 'new');
  await query(
    `INSERT INTO organizations (id, name, routing) VALUES ($1, 'Acme', '{"aliases":{"best":"smart"}}'),
       ('org_quiet', 'Quiet', '{"aliases":{"best":"smarter","smart-ish":"fine"}}')`,
    [ids.organization],
  );
  await query(
    `INSERT INTO workspaces (id, organization_id, name, routing)
     VALUES ($1, $2, 'Search', '{"groups":{"good":{"models":["fine","smart"]}}}')`,
    [ids.workspace, ids.organization],
  );
  await query(
    `INSERT INTO platform_settings (id, routing) VALUES ('platform', '{"levels":{"eco":{"models":["cheap"]}}}')
     ON CONFLICT (id) DO UPDATE SET routing = excluded.routing`,
  );
  for (const [id, models] of [
    [keys.named, ['smart']],
    [keys.used, []],
    [keys.other, ['fine']],
  ] as const) {
    await query(
      `INSERT INTO virtual_keys (id, organization_id, workspace_id, models, created_by) VALUES ($1, $2, $3, $4, 'test')`,
      [id, ids.organization, ids.workspace, models],
    );
  }
  for (const [day, count] of [
    [1, 3],
    [30, 5],
  ] as const) {
    await query(
      `INSERT INTO usage_events (request_id, organization_id, workspace_id, virtual_key_id, call_type, model_requested,
         status_code, complete, usage_source, edge_id, deployment_id, started_at, ended_at)
       SELECT 'req_' || $5::int || '_' || n, $1, $2, $3, 'chat_completions', 'smart', 200, true, 'none', 'edge', $4,
         now() - make_interval(days => $5::int), now() FROM generate_series(1, $6) AS n`,
      [ids.organization, ids.workspace, keys.used, deployment, day, count],
    );
  }
  const service = api.get(DeprecationService);
  await api.database.transactions.run('platform', (manager) => service.proposeReplacements(manager));
});
afterAll(() => api.close());

it('lists what goes and is used: deployments, rules, keys and tenants, with a replacement', async () => {
  const { data, next_cursor } = await list();
  expect(data.map(({ id, replacement_id }) => [id, replacement_id])).toEqual([
    ['openai/gone', 'openai/mini'],
    ['openai/old', 'openai/new'],
  ]);
  expect(next_cursor).toBeNull();
  const [gone, old] = data;
  expect(gone!.policies).toEqual([
    {
      scope: 'platform',
      id: 'platform',
      organization_id: null,
      name: 'the platform',
      places: ['levels.eco.models'],
    },
  ]);
  expect([gone!.keys, gone!.tenants]).toEqual([[], []]);
  expect(old).toMatchObject({
    status: 'deprecated',
    expires_on: '2027-01-31',
    deployments: [{ model: 'smart', upstream_model: 'old', enabled: true }],
    policies: [
      { scope: 'organization', id: ids.organization, places: ['aliases.best'] },
      {
        scope: 'workspace',
        id: ids.workspace,
        organization_id: ids.organization,
        places: ['groups.good.models'],
      },
    ],
    tenants: [{ organization_id: ids.organization, name: 'Acme', request_count: 3 }],
  });
  expect(old!.policies).toHaveLength(2);
  expect(old!.keys.map(({ id, is_named, request_count }) => [id, is_named, request_count])).toEqual([
    [keys.named, true, 0],
    [keys.used, false, 3],
  ]);
});

it('lists page by page', async () => {
  const first = await list('?limit=1');
  const second = await list(`?limit=1&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(['openai/gone', 'openai/old']);
  expect(second.next_cursor).toBeNull();
});

it('knows what has gone since a time, for the news of a sync; a person’s replacement stays', async () => {
  const service = api.get(DeprecationService);
  const since = await api.database.transactions.run('platform', (manager) =>
    service.goneSince(manager, new Date('2026-11-10T00:00:00Z')),
  );
  expect(since).toEqual(['openai/gone']);
  await query(`UPDATE catalogue_entries SET replacement_id = 'openai/new' WHERE id = 'openai/gone'`);
  await api.database.transactions.run('platform', (manager) => service.proposeReplacements(manager));
  expect((await list()).data.map(({ replacement_id }) => replacement_id)).toEqual([
    'openai/new',
    'openai/new',
  ]);
});

it('takes no model for one that has gone while it goes on under another spelling of its name', async () => {
  const ofUse = async () => (await list()).data.map(({ id }) => id);
  await addEntry('openai/gpt-9-1', 'vanished', '0.000001');
  await addUse('dotted', 'gpt-9-1');
  expect(await ofUse()).toContain('openai/gpt-9-1');
  await addEntry('openai/gpt-9.1', 'active', '0.000002');
  expect(await ofUse()).not.toContain('openai/gpt-9-1');
  const { body } = await api.call<ModelPage>('GET', '/api/v1/llm/models?search=dotted', { token });
  expect(body.data[0]?.deployments[0]?.known_facts).toMatchObject({
    prices: { value: { input: '0.000002' }, catalogue_entry_id: 'openai/gpt-9.1' },
  });
});

it('lists page by page in the order of a database that does not sort by bytes', async () => {
  await addEntry('openai/Hold', 'vanished', '0.000001');
  await addUse('held', 'Hold');
  const owner = new Client({ connectionString: api.database.ownerUrl });
  await owner.connect();
  await owner.query('ALTER TABLE catalogue_entries ALTER COLUMN id TYPE text COLLATE "en-x-icu"');
  await owner.end();
  const ids: string[] = [];
  let cursor = '';
  for (let page = 0; page < 3; page += 1) {
    const { data, next_cursor } = await list(`?limit=1${cursor}`);
    ids.push(...data.map(({ id }) => id));
    cursor = `&cursor=${next_cursor}`;
  }
  expect(ids).toEqual(['openai/gone', 'openai/Hold', 'openai/old']);
});
