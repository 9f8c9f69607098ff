import { ManualClock, silentLogger } from '@signalbox/common';
import { ConfigReleaseEntity } from '@signalbox/database';
import { AuditTrail } from '@signalbox/domain/audit';
import type { ConfigReleaseService, RunnerControl } from '@signalbox/domain/config-releases';
import type { LitellmAdminClient } from '@signalbox/litellm-client';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { DriftCheckService } from './drift-check.service';
import { DriftReportService } from './drift-report.service';

/** PostgreSQL and Redis are real; LiteLLM, the runner and the releases are what a test says they are. */
let database: TestDatabase;
let redis: Redis;
let clock: ManualClock;
let reports: DriftReportService;
let check: DriftCheckService;

let active: ConfigReleaseEntity | null;
/** Made last, whatever became of it. */
let newest: ConfigReleaseEntity | null;
let litellm: { releaseId: string; ids: string[] } | Error;
let wokenCount: number;
let restarted: string[];

const aRelease = (overrides: Partial<ConfigReleaseEntity> = {}): ConfigReleaseEntity =>
  Object.assign(new ConfigReleaseEntity(), {
    id: 'rel_1',
    number: 1,
    deploymentIds: ['dep_a'],
    createdBy: 'tok_1',
    ...overrides,
  });

const client = {
  instance: async () => {
    if (litellm instanceof Error) throw litellm;
    return { releaseId: litellm.releaseId };
  },
  models: async () => {
    if (litellm instanceof Error) throw litellm;
    return litellm.ids.map((id) => ({ model_name: 'm', model_info: { id } }));
  },
} as unknown as LitellmAdminClient;

const releases = {
  current: async () => ({ active, applying: null }),
  list: async () => ({ data: [newest ?? active], next_cursor: null }),
  rollback: async (_caller: unknown, id: string) => {
    restarted.push(id);
    return aRelease();
  },
} as unknown as ConfigReleaseService;

const run = () => check.check(0);
/** The audit trail is append-only: those of earlier tests are skipped. */
let earlierEvents = 0;
const events = async (): Promise<string[]> => (await allEvents()).slice(earlierEvents);
const allEvents = async (): Promise<string[]> => {
  const rows = await database.transactions.run('platform', (manager) =>
    manager.query<{ action: string }[]>(`SELECT action FROM audit_events ORDER BY sequence`),
  );
  return rows.map(({ action }) => action);
};

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.close());

beforeEach(async () => {
  earlierEvents = (await allEvents()).length;
  redis = new Redis(process.env['TEST_REDIS_URL']!);
  clock = new ManualClock();
  reports = new DriftReportService(redis, `test-${randomBytes(6).toString('hex')}`);
  const runner = { wake: async () => void (wokenCount += 1) } as RunnerControl;
  const audit = new AuditTrail(clock);
  const { transactions } = database;
  check = new DriftCheckService(releases, runner, client, reports, transactions, audit, clock, silentLogger);
  active = aRelease();
  newest = null;
  litellm = { releaseId: 'rel_1', ids: ['dep_a'] };
  wokenCount = 0;
  restarted = [];
});

afterEach(() => redis.disconnect());

it('does nothing when all is as released, and keeps the report for those who ask', async () => {
  expect(await run()).toMatchObject({ state: 'in_sync', repair: 'none', driftSince: null });
  expect(await reports.last()).toMatchObject({ state: 'in_sync', checkedAt: clock.now().toISOString() });
  expect(await events()).toEqual([]);
});

it('wakes a runner that serves another release', async () => {
  litellm = { releaseId: 'rel_0', ids: ['dep_a'] };
  expect(await run()).toMatchObject({ state: 'other_release', repair: 'runner_woken' });
  expect(wokenCount).toBe(1);
});

it('starts LiteLLM anew when it shows other deployments', async () => {
  litellm = { releaseId: 'rel_1', ids: ['dep_a', 'dep_x'] };
  expect(await run()).toMatchObject({ repair: 'restart_released', unexpected: ['dep_x'] });
  expect(restarted).toEqual(['rel_1']);
});

it.each(['failed', 'active'] as const)('does not restart LiteLLM again when that %s', async (status) => {
  newest = aRelease({ id: 'rel_2', createdBy: 'drift', status });
  if (status === 'active') active = newest;
  litellm = { releaseId: active!.id, ids: [] };
  expect(await run()).toMatchObject({ repair: 'given_up', missing: ['dep_a'] });
  expect(restarted).toEqual([]);
});

it('takes no LiteLLM that was just switched off for an outage', async () => {
  jest.spyOn(client, 'models').mockRejectedValueOnce(new Error('the connection failed (ECONNREFUSED)'));
  expect(await run()).toMatchObject({ state: 'in_sync' });
});

it('takes no moment between two states for drift', async () => {
  const stale = { releaseId: 'rel_0', ids: ['dep_old'] };
  litellm = stale;
  jest.spyOn(client, 'instance').mockImplementationOnce(async () => {
    litellm = { releaseId: 'rel_1', ids: ['dep_a'] };
    return { releaseId: 'rel_0' } as Awaited<ReturnType<LitellmAdminClient['instance']>>;
  });
  expect(await run()).toMatchObject({ state: 'in_sync', repair: 'none' });
  expect(wokenCount).toBe(0);
});

it('records the beginning and the end of drift once each, an outage in between or not', async () => {
  litellm = { releaseId: 'rel_0', ids: ['dep_a'] };
  const { driftSince } = await run();
  clock.advanceMs(60_000);
  expect((await run()).driftSince).toBe(driftSince);
  litellm = new Error('LiteLLM state: the runner does not answer');
  expect(await run()).toMatchObject({ state: 'unreachable', driftSince });
  litellm = { releaseId: 'rel_1', ids: ['dep_a'] };
  expect(await run()).toMatchObject({ state: 'in_sync', driftSince: null });
  await run();
  expect(await events()).toEqual(['config_drift.found', 'config_drift.resolved']);
});

it('repairs although Redis cannot keep the report', async () => {
  redis.disconnect();
  litellm = { releaseId: 'rel_0', ids: ['dep_a'] };
  expect(await run()).toMatchObject({ repair: 'runner_woken' });
});
