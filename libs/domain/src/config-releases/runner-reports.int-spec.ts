import { ReleaseBench } from '../../../../test/support/release-bench';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { silenceLimitMs } from './runner-release.service';

let database: TestDatabase;
let bench: ReleaseBench;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.close());

beforeEach(async () => {
  bench = await ReleaseBench.on(database);
});

describe('reports of the runner', () => {
  it('activate the release, supersede the one before, and tell the edges, in one step', async () => {
    const before = await bench.activateChange();
    const next = await bench.activateChange();
    expect(await bench.statusOf(before.id)).toBe('superseded');
    expect(next).toMatchObject({ status: 'active', phase: 'active', activatedAt: bench.clock.now() });
    expect(await bench.sql(`SELECT topic, subject_id FROM outbox_items ORDER BY topic`)).toEqual([
      { topic: 'project.catalogue', subject_id: 'current' },
      { topic: 'project.facts', subject_id: 'current' },
    ]);
    expect(bench.projectedCount).toBe(2);
  });

  it('change something once, however often they come at once', async () => {
    const release = await bench.applyChange();
    const processes = [bench.runner, bench.anotherProcess().runner, bench.anotherProcess().runner];
    const outcome = { releaseId: release.id, phase: 'active' as const, deploymentIds: release.deploymentIds };
    await Promise.all([...processes, ...processes].map((process) => process.report(bench.caller, outcome)));
    expect(await bench.activeId()).toBe(release.id);
    const events = await bench.sql(
      `SELECT action FROM audit_events WHERE target_id = $1 AND action <> 'config_release.created'`,
      [release.id],
    );
    expect(events).toEqual([{ action: 'config_release.activated' }]);
  });

  it.each(['active', 'failed', 'starting'] as const)(
    'of an older release change nothing (%s)',
    async (phase) => {
      const older = await bench.activateChange();
      const newer = await bench.activateChange();
      expect(await bench.report(older.id, phase)).toEqual({ accepted: true, ignored: true });
      expect([await bench.statusOf(older.id), await bench.statusOf(newer.id)]).toEqual([
        'superseded',
        'active',
      ]);
    },
  );

  it('of an unknown release are accepted and change nothing', async () => {
    expect(await bench.report('rel_of_another_database', 'active')).toEqual({
      accepted: true,
      ignored: true,
    });
  });

  it('after a failure do not bring the release back', async () => {
    const before = await bench.activateChange();
    const next = await bench.applyChange();
    await bench.report(next.id, 'failed', { detail: 'did not start' });
    expect(await bench.report(next.id, 'active')).toEqual({ accepted: true, ignored: true });
    expect(await bench.activeId()).toBe(before.id);
    expect((await bench.get(next.id)).failure).toBe('did not start');
  });

  it('of other deployments than were released fail the release', async () => {
    const before = await bench.activateChange();
    const next = await bench.applyChange();
    await bench.report(next.id, 'active', { deploymentIds: [...before.deploymentIds, 'dep_foreign'] });
    const failed = await bench.get(next.id);
    expect(failed).toMatchObject({ status: 'failed', phase: 'failed' });
    expect(failed.failure).toMatch(/missing: dep_.*unexpected: dep_foreign/);
    expect((await bench.desired(next.id))?.release.id).toBe(before.id);
  });

  it('are kept without secrets', async () => {
    const release = await bench.applyChange();
    await bench.report(release.id, 'failed', { detail: 'LiteLLM said: invalid key sk-canary-0123456789' });
    const [row] = await bench.sql<object[]>('SELECT * FROM config_releases WHERE id = $1', [release.id]);
    expect(JSON.stringify(row)).not.toContain('canary');
  });

  it('leave everything as it was when the process dies before the commit, and succeed when repeated', async () => {
    const before = await bench.activateChange();
    const next = await bench.applyChange();
    const dies = jest.spyOn(bench.audit, 'record').mockRejectedValueOnce(new Error('killed'));
    const outcome = { deploymentIds: next.deploymentIds };
    await expect(bench.report(next.id, 'active', outcome)).rejects.toThrow('killed');
    expect([await bench.activeId(), await bench.statusOf(next.id)]).toEqual([before.id, 'applying']);
    expect(await bench.report(next.id, 'active', outcome)).toEqual({ accepted: true, ignored: false });
    expect(await bench.activeId()).toBe(next.id);
    dies.mockRestore();
  });

  it('of the active release started anew are kept as its newest verification', async () => {
    const active = await bench.activateChange();
    await bench.report(active.id, 'active', {
      deploymentIds: active.deploymentIds,
      litellmVersion: '1.103.1',
    });
    expect((await bench.get(active.id)).verification).toMatchObject({
      litellm_version: '1.103.1',
    });
  });
});

describe('the watchdog', () => {
  it('gives up a silent release, and only that', async () => {
    const before = await bench.activateChange();
    const silent = await bench.applyChange();
    bench.clock.advanceMs(silenceLimitMs - 1);
    expect(await bench.runner.failSilent(bench.caller)).toEqual([]);
    bench.clock.advanceMs(2);
    expect(await bench.runner.failSilent(bench.caller)).toEqual([silent.id]);
    expect(await bench.runner.failSilent(bench.caller)).toEqual([]);
    expect(await bench.activeId()).toBe(before.id);
    expect((await bench.get(silent.id)).failure).toMatch(/not heard of for 5 minutes/);
  });

  it('waits for a runner that reports', async () => {
    const release = await bench.applyChange();
    bench.clock.advanceMs(silenceLimitMs - 1);
    await bench.report(release.id, 'verifying');
    bench.clock.advanceMs(silenceLimitMs - 1);
    expect(await bench.runner.failSilent(bench.caller)).toEqual([]);
  });

  it('sends a runner that serves a given-up release back to the active one', async () => {
    const before = await bench.activateChange();
    const silent = await bench.applyChange();
    bench.clock.advanceMs(silenceLimitMs + 1);
    await bench.runner.failSilent(bench.caller);
    expect(await bench.report(silent.id, 'active')).toEqual({ accepted: true, ignored: true });
    expect(await bench.desired(silent.id)).toMatchObject({ role: 'active', release: { id: before.id } });
  });

  it('is overruled by a runner that serves the very first release after all', async () => {
    const first = await bench.applyChange();
    await bench.report(first.id, 'starting');
    bench.clock.advanceMs(silenceLimitMs + 1);
    await bench.runner.failSilent(bench.caller);
    await bench.report(first.id, 'active', { deploymentIds: first.deploymentIds });
    expect(await bench.get(first.id)).toMatchObject({ status: 'active', failure: null });
  });
});

describe('what the runner should run', () => {
  it('is nothing, then the candidate, then the active one, and nothing new for who has it', async () => {
    expect(await bench.desired()).toBeNull();
    const first = await bench.applyChange();
    expect(await bench.desired()).toMatchObject({ role: 'candidate', release: { id: first.id } });
    await bench.report(first.id, 'active');
    expect(await bench.desired()).toMatchObject({ role: 'active', release: { id: first.id } });
    expect(await bench.desired(first.id)).toBeNull();
  });

  it('is told at once to who waits', async () => {
    const waiting = bench.desired(null, 20_000);
    const release = await bench.applyChange();
    expect((await waiting)?.release.id).toBe(release.id);
  });

  it('is no longer waited for once the caller is gone', async () => {
    const wait = { haveId: null, waitMs: 20_000, isAbandoned: () => true };
    expect(await bench.runner.nextRelease(bench.caller, wait)).toBeNull();
  });
});
