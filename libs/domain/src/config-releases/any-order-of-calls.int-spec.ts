import { AppError } from '@signalbox/common';
import type { ConfigReleaseEntity } from '@signalbox/database';
import fc from 'fast-check';
import { ReleaseBench } from '../../../../test/support/release-bench';
import { openTestDatabase } from '../../../../test/support/test-database';
import { silenceLimitMs } from './runner-release.service';

let bench: ReleaseBench;

beforeAll(async () => {
  bench = await ReleaseBench.on(await openTestDatabase());
});

afterAll(() => bench.database.close());

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
    const { data } = await bench.releases.list(bench.caller, {}, 200);
    return data[pick % Math.max(data.length, 1)];
  }

  async function take(name: Step, pick: number): Promise<unknown> {
    if (name === 'apply') return bench.releases.apply(bench.caller, { force: true });
    if (name === 'watchdog') {
      bench.clock.advanceMs(pick % 3 === 0 ? silenceLimitMs + 1 : 1);
      return bench.runner.failSilent(bench.caller);
    }
    const release = await anyRelease(pick);
    if (!release) return undefined;
    if (name === 'rollback') return bench.releases.rollback(bench.caller, release.id, { force: true });
    return bench.report(release.id, name, name === 'active' ? { deploymentIds: release.deploymentIds } : {});
  }

  async function expectInvariants(): Promise<void> {
    const { data } = await bench.releases.list(bench.caller, {}, 200);
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
    await bench.addModel();
    const steps = fc.array(fc.tuple(step, fc.nat(20)), { minLength: 4, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (taken, isAtOnce) => {
        await bench.sql('DELETE FROM config_releases');
        const runs = taken.map(
          ([name, pick]) =>
            () =>
              quietly(take(name, pick)),
        );
        if (isAtOnce) await Promise.all(runs.map((run) => run()));
        else for (const run of runs) await run();
        await expectInvariants();
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
