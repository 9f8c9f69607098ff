import { AppError, ManualClock, silentLogger } from '@signalbox/common';
import { ConfigReleaseEntity, DeploymentEntity, ModelEntity, ProviderEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import fc from 'fast-check';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { ConfigReleaseService } from './config-release.service';
import { ConfigSnapshotRepository } from './config-snapshot.repository';
import { ReleaseSignal } from './release-signal';
import { ReleaseRepository } from './release.repository';
import type { RunnerControl } from './runner-control';
import { RunnerReleaseService, silenceLimitMs } from './runner-release.service';

const caller = systemCaller('test');
const providerId = 'prov_test';

let database: TestDatabase;
let clock: ManualClock;
let audit: AuditTrail;
let wokenCount: number;
let projectedCount: number;
let releases: ConfigReleaseService;
let runner: RunnerReleaseService;
let modelCount = 0;

/** The services as one API process has them; PostgreSQL is the real one. */
function buildServices(): { releases: ConfigReleaseService; runner: RunnerReleaseService } {
  const repository = new ReleaseRepository();
  const signal = new ReleaseSignal();
  const control = { wake: async () => void (wokenCount += 1) } as RunnerControl;
  const projection = { drainNow: async () => void (projectedCount += 1) } as unknown as ProjectionService;
  const { transactions } = database;
  return {
    releases: new ConfigReleaseService(
      transactions,
      repository,
      new ConfigSnapshotRepository(),
      audit,
      signal,
      control,
      clock,
    ),
    runner: new RunnerReleaseService(
      transactions,
      repository,
      audit,
      new OutboxRepository(),
      projection,
      signal,
      control,
      clock,
      silentLogger,
    ),
  };
}

const inDatabase = <Result>(sql: string, parameters: unknown[] = []): Promise<Result> =>
  database.transactions.run('platform', (manager) => manager.query(sql, parameters) as Promise<Result>);

const statusOf = async (id: string): Promise<string> => (await releases.get(caller, id)).status;
const activeId = async (): Promise<string | null> => (await releases.current(caller)).active?.id ?? null;
const codeOf = (reason: unknown): unknown => (reason instanceof AppError ? reason.code : reason);
const report = (releaseId: string, phase: 'starting' | 'verifying' | 'active' | 'failed', more = {}) =>
  runner.report(caller, { releaseId, phase, ...more });
const desired = (haveId: string | null = null, waitMs = 0) => runner.nextRelease(caller, { haveId, waitMs });

/** Makes the next apply a change. */
async function addModel(): Promise<string> {
  modelCount += 1;
  const modelId = `mdl_${modelCount}`;
  const deploymentId = `dep_${String(modelCount).padStart(4, '0')}`;
  await database.transactions.run('platform', async (manager) => {
    await manager.insert(ModelEntity, { id: modelId, name: `model-${modelCount}` });
    await manager.insert(DeploymentEntity, {
      id: deploymentId,
      modelId,
      providerId,
      upstreamModel: 'demo',
      litellmParams: {},
    });
  });
  return deploymentId;
}

async function applyChange(): Promise<ConfigReleaseEntity> {
  await addModel();
  return releases.apply(caller);
}

async function activateChange(): Promise<ConfigReleaseEntity> {
  const release = await applyChange();
  await report(release.id, 'active', { deploymentIds: release.deploymentIds });
  return releases.get(caller, release.id);
}

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.close());

beforeEach(async () => {
  clock = new ManualClock();
  audit = new AuditTrail(clock);
  wokenCount = 0;
  projectedCount = 0;
  for (const table of ['config_releases', 'outbox_items', 'deployments', 'models', 'providers']) {
    await inDatabase(`DELETE FROM ${table}`);
  }
  await database.transactions.run('platform', (manager) =>
    manager.insert(ProviderEntity, { id: providerId, name: 'demo', kind: 'demo' }),
  );
  ({ releases, runner } = buildServices());
});

describe('apply', () => {
  it('leaves exactly one release in progress when many apply at once', async () => {
    await addModel();
    const others = Array.from({ length: 4 }, buildServices);
    const outcomes = await Promise.allSettled(
      [releases, ...others.map((process) => process.releases)].flatMap((service) => [
        service.apply(caller),
        service.apply(caller),
      ]),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outcomes.length - refused.length).toBe(1);
    expect(new Set(refused.map(({ reason }) => codeOf(reason)))).toEqual(
      new Set(['config_release_in_progress']),
    );
    expect(await inDatabase('SELECT number, status FROM config_releases')).toEqual([
      { number: 1, status: 'applying' },
    ]);
    expect(wokenCount).toBe(1);
  });

  it('is held to one release in progress by PostgreSQL itself', async () => {
    const release = await applyChange();
    const copy = database.transactions.run('platform', (manager) =>
      manager.insert(ConfigReleaseEntity, { ...release, id: 'rel_copy', number: 2 } as object),
    );
    await expect(copy).rejects.toMatchObject({ constraint: 'config_releases_one_applying_key' });
  });

  it('refuses what runs already, unless it is forced', async () => {
    const active = await activateChange();
    await expect(releases.apply(caller)).rejects.toMatchObject({ code: 'config_unchanged' });
    const forced = await releases.apply(caller, { force: true });
    expect(forced).toMatchObject({ number: active.number + 1, configSha256: active.configSha256 });
  });

  it('refuses lint errors, names them, and applies them when it is forced', async () => {
    const id = await addModel();
    await inDatabase(`UPDATE deployments SET litellm_params = '{"api_base": "http://elsewhere"}'`);
    await expect(releases.apply(caller)).rejects.toMatchObject({
      code: 'config_release_lint_failed',
      fields: [
        {
          field: expect.stringContaining(id) as string,
          message: expect.stringContaining('param_not') as string,
        },
      ],
    });
    const release = await releases.apply(caller, { force: true });
    expect(release.lint).toContainEqual(expect.objectContaining({ code: 'param_not_allowed' }));
  });

  it('stops at warnings only when asked to', async () => {
    await addModel();
    await inDatabase(
      `UPDATE deployments SET upstream_model = 'x', litellm_params = '{"input_cost_per_token": 0}'`,
    );
    await expect(releases.apply(caller, { allowWarnings: false })).rejects.toMatchObject({
      code: 'config_release_lint_failed',
    });
    expect((await releases.apply(caller)).status).toBe('applying');
  });

  it('may be tried again after a failure', async () => {
    const first = await applyChange();
    await report(first.id, 'failed', { detail: 'ids differ' });
    expect((await releases.apply(caller)).number).toBe(2);
  });
});

describe('reports of the runner', () => {
  it('activate the release, supersede the one before, and tell the edges, in one step', async () => {
    const before = await activateChange();
    const next = await activateChange();
    expect(await statusOf(before.id)).toBe('superseded');
    expect(next).toMatchObject({ status: 'active', phase: 'active', activatedAt: clock.now() });
    expect(await inDatabase(`SELECT topic, subject_id FROM outbox_items`)).toEqual([
      { topic: 'project.catalogue', subject_id: 'current' },
    ]);
    expect(projectedCount).toBe(2);
  });

  it('change something once, however often they come at once', async () => {
    const release = await applyChange();
    const processes = [runner, buildServices().runner, buildServices().runner];
    const outcome = { releaseId: release.id, phase: 'active' as const, deploymentIds: release.deploymentIds };
    await Promise.all([...processes, ...processes].map((process) => process.report(caller, outcome)));
    expect(await activeId()).toBe(release.id);
    const events = await inDatabase(
      `SELECT action FROM audit_events WHERE target_id = $1 AND action <> 'config_release.created'`,
      [release.id],
    );
    expect(events).toEqual([{ action: 'config_release.activated' }]);
  });

  it.each(['active', 'failed', 'starting'] as const)(
    'of an older release change nothing (%s)',
    async (phase) => {
      const older = await activateChange();
      const newer = await activateChange();
      expect(await report(older.id, phase)).toEqual({ accepted: true, ignored: true });
      expect([await statusOf(older.id), await statusOf(newer.id)]).toEqual(['superseded', 'active']);
    },
  );

  it('of an unknown release are accepted and change nothing', async () => {
    expect(await report('rel_of_another_database', 'active')).toEqual({ accepted: true, ignored: true });
  });

  it('after a failure do not bring the release back', async () => {
    const before = await activateChange();
    const next = await applyChange();
    await report(next.id, 'failed', { detail: 'did not start' });
    expect(await report(next.id, 'active')).toEqual({ accepted: true, ignored: true });
    expect(await activeId()).toBe(before.id);
    expect((await releases.get(caller, next.id)).failure).toBe('did not start');
  });

  it('of other deployments than were released fail the release', async () => {
    const before = await activateChange();
    const next = await applyChange();
    await report(next.id, 'active', { deploymentIds: [...before.deploymentIds, 'dep_foreign'] });
    const failed = await releases.get(caller, next.id);
    expect(failed).toMatchObject({ status: 'failed', phase: 'failed' });
    expect(failed.failure).toMatch(/missing: dep_.*unexpected: dep_foreign/);
    expect((await desired(next.id))?.release.id).toBe(before.id);
  });

  it('are kept without secrets', async () => {
    const release = await applyChange();
    await report(release.id, 'failed', { detail: 'LiteLLM said: invalid key sk-canary-0123456789' });
    const [row] = await inDatabase<object[]>('SELECT * FROM config_releases WHERE id = $1', [release.id]);
    expect(JSON.stringify(row)).not.toContain('canary');
  });

  it('leave everything as it was when the process dies before the commit, and succeed when repeated', async () => {
    const before = await activateChange();
    const next = await applyChange();
    const dies = jest.spyOn(audit, 'record').mockRejectedValueOnce(new Error('killed'));
    const outcome = { deploymentIds: next.deploymentIds };
    await expect(report(next.id, 'active', outcome)).rejects.toThrow('killed');
    expect([await activeId(), await statusOf(next.id)]).toEqual([before.id, 'applying']);
    expect(await report(next.id, 'active', outcome)).toEqual({ accepted: true, ignored: false });
    expect(await activeId()).toBe(next.id);
    dies.mockRestore();
  });

  it('of the active release started anew are kept as its newest verification', async () => {
    const active = await activateChange();
    await report(active.id, 'active', { deploymentIds: active.deploymentIds, litellmVersion: '1.103.1' });
    expect((await releases.get(caller, active.id)).verification).toMatchObject({
      litellm_version: '1.103.1',
    });
  });
});

describe('the watchdog', () => {
  it('gives up a silent release, and only that', async () => {
    const before = await activateChange();
    const silent = await applyChange();
    clock.advanceMs(silenceLimitMs - 1);
    expect(await runner.failSilent(caller)).toEqual([]);
    clock.advanceMs(2);
    expect(await runner.failSilent(caller)).toEqual([silent.id]);
    expect(await runner.failSilent(caller)).toEqual([]);
    expect(await activeId()).toBe(before.id);
    expect((await releases.get(caller, silent.id)).failure).toMatch(/not heard of for 5 minutes/);
  });

  it('waits for a runner that reports', async () => {
    const release = await applyChange();
    clock.advanceMs(silenceLimitMs - 1);
    await report(release.id, 'verifying');
    clock.advanceMs(silenceLimitMs - 1);
    expect(await runner.failSilent(caller)).toEqual([]);
  });

  it('sends a runner that serves a given-up release back to the active one', async () => {
    const before = await activateChange();
    const silent = await applyChange();
    clock.advanceMs(silenceLimitMs + 1);
    await runner.failSilent(caller);
    expect(await report(silent.id, 'active')).toEqual({ accepted: true, ignored: true });
    expect(await desired(silent.id)).toMatchObject({ role: 'active', release: { id: before.id } });
  });

  it('is overruled by a runner that serves the very first release after all', async () => {
    const first = await applyChange();
    await report(first.id, 'starting');
    clock.advanceMs(silenceLimitMs + 1);
    await runner.failSilent(caller);
    await report(first.id, 'active', { deploymentIds: first.deploymentIds });
    expect(await releases.get(caller, first.id)).toMatchObject({ status: 'active', failure: null });
  });
});

describe('what the runner should run', () => {
  it('is nothing, then the candidate, then the active one, and nothing new for who has it', async () => {
    expect(await desired()).toBeNull();
    const first = await applyChange();
    expect(await desired()).toMatchObject({ role: 'candidate', release: { id: first.id } });
    await report(first.id, 'active');
    expect(await desired()).toMatchObject({ role: 'active', release: { id: first.id } });
    expect(await desired(first.id)).toBeNull();
  });

  it('is told at once to who waits', async () => {
    const waiting = desired(null, 20_000);
    const release = await applyChange();
    expect((await waiting)?.release.id).toBe(release.id);
  });

  it('is no longer waited for once the caller is gone', async () => {
    const wait = { haveId: null, waitMs: 20_000, isAbandoned: () => true };
    expect(await runner.nextRelease(caller, wait)).toBeNull();
  });
});

describe('rollback', () => {
  it('makes a new release of the old content', async () => {
    const old = await activateChange();
    await activateChange();
    const back = await releases.rollback(caller, old.id);
    expect(back).toMatchObject({
      number: 3,
      status: 'applying',
      rollbackOfId: old.id,
      configYaml: old.configYaml,
      deploymentIds: old.deploymentIds,
      models: old.models,
      note: 'Rollback to release 1',
    });
    expect(back.diff).toMatchObject({ added: [], removed: [{ model: expect.any(String) as string }] });
  });

  it('goes only to what once served', async () => {
    const failed = await applyChange();
    await report(failed.id, 'failed');
    await expect(releases.rollback(caller, failed.id)).rejects.toMatchObject({
      code: 'config_release_not_restorable',
    });
  });

  it('to what runs is refused, unless it is forced', async () => {
    const active = await activateChange();
    await expect(releases.rollback(caller, active.id)).rejects.toMatchObject({ code: 'config_unchanged' });
    expect((await releases.rollback(caller, active.id, { force: true })).rollbackOfId).toBe(active.id);
  });

  it('waits for a release in progress', async () => {
    const active = await activateChange();
    await applyChange();
    await expect(releases.rollback(caller, active.id)).rejects.toMatchObject({
      code: 'config_release_in_progress',
    });
  });
});

describe('any order of calls', () => {
  type Step = 'apply' | 'rollback' | 'starting' | 'active' | 'failed' | 'watchdog';
  const step = fc.constantFrom<Step>(
    'apply',
    'apply',
    'rollback',
    'starting',
    'active',
    'active',
    'failed',
    'watchdog',
  );

  const quietly = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => expect(error).toBeInstanceOf(AppError));

  async function anyRelease(pick: number): Promise<ConfigReleaseEntity | undefined> {
    const { data } = await releases.list(caller, {}, 200);
    return data[pick % Math.max(data.length, 1)];
  }

  async function take(name: Step, pick: number): Promise<unknown> {
    if (name === 'apply') return releases.apply(caller, { force: true });
    if (name === 'watchdog') {
      clock.advanceMs(pick % 3 === 0 ? silenceLimitMs + 1 : 1);
      return runner.failSilent(caller);
    }
    const release = await anyRelease(pick);
    if (!release) return undefined;
    if (name === 'rollback') return releases.rollback(caller, release.id, { force: true });
    return report(release.id, name, name === 'active' ? { deploymentIds: release.deploymentIds } : {});
  }

  async function expectInvariants(): Promise<void> {
    const { data } = await releases.list(caller, {}, 200);
    const count = (status: string): number => data.filter((release) => release.status === status).length;
    expect(count('active')).toBeLessThanOrEqual(1);
    expect(count('applying')).toBeLessThanOrEqual(1);
    expect(data.map(({ number }) => number)).toEqual(data.map((_, index) => data.length - index));
    const served = data.filter(({ activatedAt }) => activatedAt !== null);
    // The newest one that ever served is the active one: nothing takes that from it but a newer one.
    expect(served[0]?.status ?? 'active').toBe('active');
    expect(served.slice(1).every(({ status }) => status === 'superseded')).toBe(true);
  }

  it('keeps at most one active and one in progress, and never an older one above a newer one', async () => {
    await addModel();
    const steps = fc.array(fc.tuple(step, fc.nat(20)), { minLength: 4, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (taken, isAtOnce) => {
        await inDatabase('DELETE FROM config_releases');
        const runs = taken.map(
          ([name, pick]) =>
            () =>
              quietly(take(name, pick)),
        );
        if (isAtOnce) await Promise.all(runs.map((run) => run()));
        else for (const run of runs) await run();
        await expectInvariants();
      }),
      { numRuns: 40 },
    );
  });
});
