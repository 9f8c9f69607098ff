import { systemCaller } from '@signalbox/domain/access';
import { OrganizationService } from '@signalbox/domain/organizations';
import { type DecisionRecord, defaultRoutingPolicy } from '@signalbox/gateway';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { type DecidedEvent, decidedTraffic, insertDecided } from '../../../../test/support/replay-world';
import { runReplay } from '../commands/replay.command';
import { ReplaySlots } from './replay-slots';
import type { ReplayView } from './replay.view';

const path = '/api/v1/llm/routing/replay';
const from = '2026-11-19T00:00:00Z';
const to = '2026-11-20T00:00:00Z';
const count = 600;

let api: ApiApp;
let token: string;
const tenants: { organizationId: string; workspaceId: string; token: string }[] = [];

async function createTenant(name: string) {
  const { id } = await api.get(OrganizationService).create(systemCaller('test'), { name });
  const body = { organization_id: id, name };
  const made = await api.call<{ id: string }>('POST', '/api/v1/workspaces', { token, body });
  const ownToken = await api.createToken({ organizationId: id });
  return { organizationId: id, workspaceId: made.body.id, token: ownToken };
}

async function insert(events: Iterable<DecidedEvent>): Promise<void> {
  await api.database.transactions.run('platform', (manager) => insertDecided(manager, [...events]));
}

async function replay(body: object, as = token): Promise<ReplayView> {
  const answer = await api.call<ReplayView>('POST', path, { token: as, body: { from, to, ...body } });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
  for (const [index, name] of ['one', 'two'].entries()) {
    const tenant = await createTenant(name);
    tenants.push(tenant);
    const traffic = { ...tenant, policy: defaultRoutingPolicy, from: new Date(from), count, seed: index };
    await insert(decidedTraffic(traffic));
  }
});
afterAll(() => api.close());

it('comes to the same choices under the same policy', async () => {
  const view = await replay({ workspace_id: tenants[0]!.workspaceId });
  expect(view).toMatchObject({
    complete: true,
    stopped_by: null,
    events: count,
    decisions: count,
    same_policy: count,
    same_policy_changed: 0,
    changed: 0,
    cost: { saved_usd: '0' },
    doubts: {},
  });
  expect(view.cost.before_usd).toBe(view.cost.after_usd);
  expect(Number(view.cost.before_usd)).toBeGreaterThan(0);
});

it('runs one at a time for each organization, and two in all', async () => {
  const slots = api.get(ReplaySlots);
  const [one, two] = tenants;
  const held: (() => void)[] = [];
  const hold = (owner: string): Promise<void> =>
    slots.within(owner, () => new Promise<void>((resolve) => held.push(resolve)));
  const status = async (as: string): Promise<number> =>
    (await api.call('POST', path, { token: as, body: { from, to } })).status;
  const work = [hold(one!.organizationId)];
  expect([await status(one!.token), await status(two!.token)]).toEqual([429, 200]);
  work.push(hold('platform'));
  expect(await status(two!.token)).toBe(429);
  for (const end of held) end();
  await Promise.all(work);
  expect([await status(one!.token), await status(two!.token)]).toEqual([200, 200]);
});

it('answers what balanced would have cost', async () => {
  const view = await replay({ organization_id: tenants[0]!.organizationId, as: 'balanced' });
  const precision = view.levels.find(({ power_level: level }) => level === 'precision');
  const named = view.levels.find(({ power_level: level }) => level === null);
  expect(named).toMatchObject({ decisions: count / 10, changed: 0, cost: { saved_usd: '0' } });
  expect(precision!.changed).toBeGreaterThan(0);
  // The models of that world are the dearer, the better they are.
  expect(Number(precision!.cost.saved_usd)).toBeGreaterThan(0);
  expect(view.levels.find(({ power_level: level }) => level === 'balanced')).toMatchObject({ changed: 0 });
  const changed = view.changes.reduce((sum, { decisions }) => sum + decisions, 0);
  expect(changed).toBe(view.changed);
});

it('replays under rules that are merged over those in force', async () => {
  const view = await replay({ workspace_id: tenants[0]!.workspaceId, rules: { regions: ['eu'] } });
  expect(view.changed).toBeGreaterThan(0);
  expect(view.same_policy).toBe(0);
  for (const { to: chosen } of view.changes)
    expect(chosen === null || Number(chosen.deployment_id.slice(4)) % 2 === 0).toBe(true);
});

it('answers in part, and says so, where there is more than it may look at', async () => {
  const view = await replay({ workspace_id: tenants[0]!.workspaceId, max_events: 400 });
  expect(view).toMatchObject({ complete: false, stopped_by: 'events', events: 400 });
  expect(view.replayed_until! < to).toBe(true);
  const whole = await replay({ workspace_id: tenants[0]!.workspaceId, max_events: count });
  expect(whole.complete).toBe(true);
});

it('counts what cannot be decided again, and why', async () => {
  const tenant = await createTenant('odd');
  const day = new Date('2026-11-18T00:00:00Z');
  const [event] = decidedTraffic({ ...tenant, policy: defaultRoutingPolicy, from: day, count: 1, seed: 7 });
  const odd = { v: 9 } as unknown as DecisionRecord;
  await insert([
    { ...event!, decision: null },
    { ...event!, decision: odd },
    { ...event!, workspaceId: 'ws_gone' },
    { ...event!, costNanoUsd: null, deploymentId: 'another' },
  ]);
  const view = await replay({ from: day.toISOString(), to: from });
  expect(view).toMatchObject({
    events: 4,
    decisions: 1,
    not_compared: { no_decision: 1, record_unreadable: 1, workspace_unknown: 1 },
    cost: { decisions: 0, not_compared: { price_unknown_before: 1 } },
    doubts: { answered_by_another: 1 },
  });
});

describe('a tenant', () => {
  it('replays its own requests only', async () => {
    const view = await replay({}, tenants[0]!.token);
    expect(view.events).toBe(count);
    const other = await api.call('POST', path, {
      token: tenants[0]!.token,
      body: { from, to, workspace_id: tenants[1]!.workspaceId },
    });
    expect([other.status, (other.body as { code: string }).code]).toEqual([404, 'workspace_not_found']);
  });

  it('has the rules of the platform too', async () => {
    const owner = `INSERT INTO platform_settings (id, routing) VALUES ('platform', '{"regions": ["eu"]}')`;
    await api.database.transactions.run('platform', (manager) => manager.query(owner));
    const view = await replay({}, tenants[0]!.token);
    await api.database.transactions.run('platform', (manager) =>
      manager.query('DELETE FROM platform_settings'),
    );
    expect(view.changed).toBeGreaterThan(0);
    expect(view.doubts).toMatchObject({ made_under_another_policy: count });
  });
});

it.each([
  [{ rules: { power_leval: 'eco' } }, 'rules.power_leval'],
  [{ as: 'best' }, 'as'],
  [{ from: to, to: from }, 'from'],
  [{ from: '2026-02-30' }, 'from'],
  [{ to: '2026-11-31T00:00:00+01:00' }, 'to'],
  [{ max_events: 50_001 }, 'max_events'],
])('refuses %j', async (body, field) => {
  const answer = await api.call<{ code: string; errors: { field: string }[] }>('POST', path, {
    token,
    body: { from, to, ...body },
  });
  expect([answer.status, answer.body.code, answer.body.errors[0]?.field]).toEqual([
    400,
    'validation_failed',
    field,
  ]);
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-replay-'));
  const before = process.env['APP_DATABASE_URL'];
  const progress: string[] = [];

  beforeAll(() => {
    process.env['APP_DATABASE_URL'] = api.config.databaseUrl;
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => progress.push(String(text)) > 0);
  });
  afterAll(() => {
    if (before === undefined) delete process.env['APP_DATABASE_URL'];
    else process.env['APP_DATABASE_URL'] = before;
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const code = await runReplay((line) => lines.push(line), ['--from', from, '--to', to, ...args]);
    return { code, text: lines.join('\n') };
  }

  it('answers the same as the API, with its progress beside it', async () => {
    const { code, text } = await run('--organization', tenants[1]!.organizationId, '--as', 'eco', '--json');
    expect(code).toBe(0);
    const view = await replay({ organization_id: tenants[1]!.organizationId, as: 'eco' });
    expect(JSON.parse(text)).toEqual(view);
    expect(progress.at(-1)).toMatch(/^600 of 600 requests \(100 %\), \d+ a second, [\d.]+ s\n$/);
  });

  it('shows a table for a person', async () => {
    const file = join(folder, 'policy.json');
    writeFileSync(file, JSON.stringify({ regions: ['eu'] }));
    const { text } = await run('--all', '--policy', file);
    expect(text).toContain('1200 of 1200 requests decided again');
    expect(text).toContain('Under: {"regions":["eu"]}');
    expect(text).toMatch(/cost, USD +\d/);
    expect(text).toMatch(/model-\d+ \(\w+, dep_\d+\) +model-\d+ \(\w+, dep_\d+\) +\d+ +-?[\d.]+/);
  });

  it('says so where there are no requests', async () => {
    const lines: string[] = [];
    await runReplay((line) => lines.push(line), ['--all', '--from', '2020-01-01', '--to', '2020-01-02']);
    expect(lines.join('\n')).toMatch(/2020-01-02T00:00:00.000Z\nThere are no requests in that time/);
  });

  it.each([
    [['--as', 'eco'], 'replay --workspace ID | --organization ID | --all'],
    [['--all', '--as', 'best'], '--as must be one of eco, balanced, precision'],
    [['--workspace', 'no-id'], '--workspace must be the id of a workspace'],
    [['--all', '--from', '2026-11-19T08:00:00'], '--from must be a day (UTC) or a time with its zone'],
    [['--all', '--to', '2026-11-19 (CET)'], '--to must be a day (UTC) or a time with its zone'],
    [['--all', '--from', '2026-02-30'], '--from must be a day (UTC) or a time with its zone'],
    [['--all', '--policy', '/nowhere.json'], '--policy: /nowhere.json cannot be read as JSON'],
  ])('refuses %j', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});
