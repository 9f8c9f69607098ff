import { AppError } from '@signalbox/common';
import type { RotationEntity } from '@signalbox/database';
import fc from 'fast-check';
import { RotationWorld, type SavedCredential } from '../../../../test/support/rotations/rotation-world';
import { forwardSteps } from './rotation-steps';

jest.setTimeout(600_000);

type Way = 'given' | 'provider_api';
const plan = { subjectType: 'credential', revokesOld: true } as const;

/** kill -9 between any two calls to PostgreSQL, to the secret store and to the provider, on either side of each. */
describe('a rotation whose process is killed', () => {
  let world: RotationWorld;

  beforeEach(async () => {
    world = await RotationWorld.open();
  });
  afterEach(() => world.database.close());

  async function begin(way: Way): Promise<{ saved: SavedCredential; id: string }> {
    const saved = await world.saveCredential();
    const apiKey = `sk-new-${saved.id}`;
    if (way === 'given') world.provider.add(apiKey);
    const { rotation } = await world.starter.start(world.caller, saved.id, {
      grace: '0s',
      revokeAtProvider: true,
      ...(way === 'given' ? { apiKey } : { method: 'provider_api' as const }),
    });
    return { saved, id: rotation.id };
  }

  /** At any moment: one current version, which is the credential's, can be read, and is good at the provider. */
  async function expectOneValue({ id }: SavedCredential): Promise<void> {
    const versions = await world.versionsOf(id);
    const credential = await world.credential(id);
    const current = versions.filter(({ status }) => status === 'current');
    expect(current.map((version) => version.id)).toEqual([credential.currentVersionId]);
    expect(current[0]?.fingerprint).toBe(credential.fingerprint);
    const secret = world.secretOf(current[0]!);
    expect(world.provider.isGood(secret)).toBe(true);
    for (const version of versions.filter(({ status }) => status === 'retiring'))
      expect(world.provider.isGood(world.secretOf(version))).toBe(true);
  }

  /** In the end: nothing is left of what is not in use, here or there. */
  async function expectClean({ id }: SavedCredential, rotation: RotationEntity): Promise<void> {
    const versions = await world.versionsOf(id);
    for (const version of versions) {
      if (version.status === 'current') continue;
      expect(['retired', 'failed']).toContain(version.status);
      expect(world.secretOf(version)).toBeUndefined();
    }
    const living = world.provider.living(rotation.id);
    const isMadeInUse = rotation.method === 'provider_api' && rotation.status === 'done';
    expect(living).toHaveLength(isMadeInUse ? 1 : 0);
  }

  /** What a new process does: the old one's lease runs out, and it goes on. */
  async function revive(id: string, killAt: number | null = null): Promise<void> {
    world.passTimeOf(await world.rotation(id));
    world.kill.reset(killAt);
  }

  async function runUntilKilled(id: string): Promise<RotationEntity> {
    try {
      return await world.runToEnd(id);
    } catch (error) {
      if (!world.kill.hasKilled) throw error;
      return world.rotation(id);
    }
  }

  it('ends the same, whatever the call', async () => {
    const steps = new Set<string>();
    for (let killAt = 1; ; killAt += 1) {
      const { saved, id } = await begin('provider_api');
      world.kill.reset(killAt);
      await runUntilKilled(id);
      const hasKilled = world.kill.hasKilled;
      world.kill.reset(null);
      steps.add((await world.rotation(id)).step);
      await expectOneValue(saved);
      await revive(id);
      const ended = await world.runToEnd(id);
      expect([killAt, ended.status, ended.errorCode]).toEqual([killAt, 'done', null]);
      await expectOneValue(saved);
      await expectClean(saved, ended);
      expect(world.provider.isGood(saved.secret)).toBe(false);
      if (!hasKilled) break;
    }
    expect(steps).toEqual(new Set(forwardSteps({ ...plan, method: 'provider_api' })));
  });

  it('drops a refused value and what was made at the provider, whatever the call', async () => {
    for (let killAt = 1; ; killAt += 2) {
      const { saved, id } = await begin('provider_api');
      await world.runToEnd(id, 'validate');
      await world.service.cancel(world.caller, id);
      world.kill.reset(killAt);
      await runUntilKilled(id);
      const hasKilled = world.kill.hasKilled;
      await revive(id);
      const ended = await world.runToEnd(id);
      expect([killAt, ended.status]).toEqual([killAt, 'cancelled']);
      await expectOneValue(saved);
      await expectClean(saved, ended);
      expect(world.provider.isGood(saved.secret)).toBe(true);
      if (!hasKilled) break;
    }
  });

  it('has one value at any moment, in any order of kills, decisions and failures', async () => {
    const event = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kill: fc.integer({ min: 1, max: 120 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ decide: fc.constantFrom('rollback', 'cancel', 'retireNow' as const) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          fail: fc.constantFrom('createKey' as const, 'revokeKey' as const, 'findKeys' as const),
          isDone: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ answer: fc.constantFrom('invalid' as const, 'unreachable' as const) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Way>('given', 'provider_api'),
        fc.array(event, { minLength: 1, maxLength: 8 }),
        async (way, events) => {
          world.provider.nextFailures.length = 0;
          world.provider.nextOutcomes.length = 0;
          world.kill.reset(null);
          const { saved, id } = await begin(way);
          for (const each of events) {
            if ('kill' in each) {
              await revive(id, each.kill);
              await runUntilKilled(id);
              world.kill.reset(null);
            } else if ('decide' in each) {
              const decided = world.service[each.decide as 'rollback'](world.caller, id);
              await decided.catch((error: unknown) => expect(error).toBeInstanceOf(AppError));
            } else if ('fail' in each) {
              const { fail: call, isDone } = each;
              world.provider.nextFailures.push({ call, reason: 'unavailable', isDone });
            } else world.provider.nextOutcomes.push(each.answer);
            await expectOneValue(saved);
          }
          world.kill.reset(null);
          const ended = await world.runToEnd(id);
          await expectOneValue(saved);
          await expectClean(saved, ended);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('loses nothing when its lease runs out while it still works', async () => {
    const { saved, id } = await begin('provider_api');
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    let hasMade: () => void = () => undefined;
    const made = new Promise<void>((resolve) => {
      hasMade = resolve;
    });
    world.provider.beforeAnswer = () => {
      world.provider.beforeAnswer = null;
      hasMade();
      return slow;
    };
    const first = world.runner.advanceDue(new AbortController().signal);
    await made;
    world.passTimeOf(await world.rotation(id));
    await world.runToEnd(id, 'watch');
    release();
    await first;
    await expectOneValue(saved);
    const ended = await world.runToEnd(id);
    expect(ended.status).toBe('done');
    await expectOneValue(saved);
    await expectClean(saved, ended);
    const used = (await world.versionsOf(saved.id)).map((version) => version.secretName);
    const admins = world.store.values.size - used.filter((name) => world.store.values.has(name)).length;
    expect(admins).toBe(1);
  });

  it('is gone on with by several workers at once, each step taken once', async () => {
    const begun = await Promise.all(
      Array.from({ length: 12 }, (_each, index) => begin(index % 2 ? 'given' : 'provider_api')),
    );
    for (let round = 0; round < 60; round += 1) {
      const signal = new AbortController().signal;
      await Promise.all([1, 2, 3].map(() => world.runner.advanceDue(signal)));
      world.clock.advanceMs(5_000);
    }
    for (const { saved, id } of begun) {
      const ended = await world.rotation(id);
      expect(ended.status).toBe('done');
      await expectOneValue(saved);
      await expectClean(saved, ended);
      const events = await world.eventsOf(id);
      expect(new Set(events).size).toBe(events.length);
    }
  });
});
