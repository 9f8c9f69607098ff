import { AppError } from '@signalbox/common';
import { ConfigReleaseEntity } from '@signalbox/database';
import { ReleaseBench } from '../../../../test/support/release-bench';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';

const codeOf = (reason: unknown): unknown => (reason instanceof AppError ? reason.code : reason);

let database: TestDatabase;
let bench: ReleaseBench;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.close());

beforeEach(async () => {
  bench = await ReleaseBench.on(database);
});

describe('apply', () => {
  it('leaves exactly one release in progress when many apply at once', async () => {
    await bench.addModel();
    const others = Array.from({ length: 4 }, () => bench.anotherProcess());
    const outcomes = await Promise.allSettled(
      [bench.releases, ...others.map((process) => process.releases)].flatMap((service) => [
        service.apply(bench.caller),
        service.apply(bench.caller),
      ]),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outcomes.length - refused.length).toBe(1);
    expect(new Set(refused.map(({ reason }) => codeOf(reason)))).toEqual(
      new Set(['config_release_in_progress']),
    );
    expect(await bench.sql('SELECT number, status FROM config_releases')).toEqual([
      { number: 1, status: 'applying' },
    ]);
    expect(bench.wokenCount).toBe(1);
  });

  it('is held to one release in progress by PostgreSQL itself', async () => {
    const release = await bench.applyChange();
    const copy = bench.database.transactions.run('platform', (manager) =>
      manager.insert(ConfigReleaseEntity, Object.assign(release, { id: 'rel_copy', number: 2 }) as object),
    );
    await expect(copy).rejects.toMatchObject({ constraint: 'config_releases_one_applying_key' });
  });

  it('refuses what runs already, unless it is forced', async () => {
    const active = await bench.activateChange();
    await expect(bench.releases.apply(bench.caller)).rejects.toMatchObject({ code: 'config_unchanged' });
    const forced = await bench.releases.apply(bench.caller, { force: true });
    expect(forced).toMatchObject({ number: active.number + 1, configSha256: active.configSha256 });
  });

  it('refuses lint errors, names them, and applies them when it is forced', async () => {
    const id = await bench.addModel();
    await bench.sql(`UPDATE deployments SET litellm_params = '{"api_base": "http://elsewhere"}'`);
    await expect(bench.releases.apply(bench.caller)).rejects.toMatchObject({
      code: 'config_release_lint_failed',
      fields: [
        {
          field: expect.stringContaining(id) as string,
          message: expect.stringContaining('param_not') as string,
        },
      ],
    });
    const release = await bench.releases.apply(bench.caller, { force: true });
    expect(release.lint).toContainEqual(expect.objectContaining({ code: 'param_not_allowed' }));
  });

  it('stops at warnings only when asked to', async () => {
    await bench.addModel();
    await bench.sql(
      `UPDATE deployments SET upstream_model = 'x', litellm_params = '{"input_cost_per_token": 0}'`,
    );
    await expect(bench.releases.apply(bench.caller, { allowWarnings: false })).rejects.toMatchObject({
      code: 'config_release_lint_failed',
    });
    expect((await bench.releases.apply(bench.caller)).status).toBe('applying');
  });

  it('may be tried again after a failure', async () => {
    const first = await bench.applyChange();
    await bench.report(first.id, 'failed', { detail: 'ids differ' });
    expect((await bench.releases.apply(bench.caller)).number).toBe(2);
  });
});

describe('rollback', () => {
  it('makes a new release of the old content', async () => {
    const old = await bench.activateChange();
    await bench.activateChange();
    const back = await bench.releases.rollback(bench.caller, old.id);
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
    const failed = await bench.applyChange();
    await bench.report(failed.id, 'failed');
    await expect(bench.releases.rollback(bench.caller, failed.id)).rejects.toMatchObject({
      code: 'config_release_not_restorable',
    });
  });

  it('to what runs is refused, unless it is forced', async () => {
    const active = await bench.activateChange();
    await expect(bench.releases.rollback(bench.caller, active.id)).rejects.toMatchObject({
      code: 'config_unchanged',
    });
    expect((await bench.releases.rollback(bench.caller, active.id, { force: true })).rollbackOfId).toBe(
      active.id,
    );
  });

  it('waits for a release in progress', async () => {
    const active = await bench.activateChange();
    await bench.applyChange();
    await expect(bench.releases.rollback(bench.caller, active.id)).rejects.toMatchObject({
      code: 'config_release_in_progress',
    });
  });
});
