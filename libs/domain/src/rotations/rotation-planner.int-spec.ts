import { RotationEntity } from '@signalbox/database';
import { RotationWorld } from '../../../../test/support/rotations/rotation-world';

jest.setTimeout(60_000);

const dayMs = 86_400_000;

describe('policies', () => {
  let world: RotationWorld;

  beforeEach(async () => {
    world = await RotationWorld.open();
  });
  afterEach(() => world.database.close());

  const plan = (): Promise<number> => world.planner.planDue(new AbortController().signal);
  const rotationsOf = (subjectId: string): Promise<RotationEntity[]> =>
    world.platform((manager) => manager.findBy(RotationEntity, { subjectId }));

  it('remind people at the date, and weekly after it, where no API makes keys', async () => {
    const { id } = await world.saveCredential({ rotateEveryDays: 30 });
    expect(await plan()).toBe(0);
    const due = new Date(world.clock.nowMs() + 30 * dayMs);
    expect((await world.credential(id)).nextRotationAt).toEqual(due);
    const counts: number[] = [];
    for (let day = 1; day <= 45; day += 1) {
      world.clock.advanceMs(dayMs);
      counts.push(await plan());
      await plan();
    }
    expect(counts.flatMap((count, index) => (count > 0 ? [index + 1] : []))).toEqual([30, 37, 44]);
    expect(await world.notified()).toEqual(['rotation.due', 'rotation.due', 'rotation.due']);
    expect(await rotationsOf(id)).toEqual([]);
  });

  it('rotate by themselves where the provider makes keys, and set the next date', async () => {
    const { id, secret } = await world.saveCredential({
      rotateEveryDays: 30,
      nextRotationAt: world.clock.now(),
      rotation: { method: 'provider_api', grace: '5m', revoke_at_provider: true },
    });
    expect(await plan()).toBe(1);
    expect(await plan()).toBe(0);
    const [rotation] = await rotationsOf(id);
    expect(rotation).toMatchObject({ trigger: 'policy', method: 'provider_api', graceSeconds: 300 });
    const ended = await world.runToEnd(rotation!.id, 'watch');
    expect(ended.status).toBe('running');
    const switchedMs = world.clock.nowMs();
    expect((await world.credential(id)).nextRotationAt).toEqual(new Date(switchedMs + 30 * dayMs));
    await world.runToEnd(rotation!.id);
    expect(world.provider.isGood(secret)).toBe(false);
    expect(await world.notified()).toEqual(['rotation.finished']);
  });

  it('try again a day after a rotation that failed', async () => {
    const { id } = await world.saveCredential({
      rotateEveryDays: 30,
      nextRotationAt: world.clock.now(),
      rotation: { method: 'provider_api' },
    });
    await plan();
    const [first] = await rotationsOf(id);
    for (let count = 0; count < 3; count += 1)
      world.provider.nextFailures.push({ call: 'createKey', reason: 'refused', isDone: false });
    await world.runToEnd(first!.id);
    expect(await plan()).toBe(0);
    world.clock.advanceMs(dayMs);
    expect(await plan()).toBe(1);
  });

  it('do each thing once, however many workers look at the same time', async () => {
    const { id } = await world.saveCredential({
      rotateEveryDays: 30,
      nextRotationAt: world.clock.now(),
      rotation: { method: 'provider_api' },
    });
    await world.saveCredential({ rotateEveryDays: 30, nextRotationAt: world.clock.now() });
    await Promise.all([plan(), plan(), plan(), plan()]);
    expect(await rotationsOf(id)).toHaveLength(1);
    expect(await world.notified()).toEqual(['rotation.due']);
  });
});
