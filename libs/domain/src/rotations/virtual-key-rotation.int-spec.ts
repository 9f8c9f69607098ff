import { AppError } from '@signalbox/common';
import { VirtualKeySecretEntity } from '@signalbox/database';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import { RotationWorld } from '../../../../test/support/rotations/rotation-world';

jest.setTimeout(60_000);

const hourMs = 3_600_000;

describe('a rotation of a virtual key', () => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await RotationWorld.open();
  });
  afterAll(() => world.database.close());

  async function begin(more: { grace?: string; deadline?: string } = { grace: '1h' }) {
    const made = await world.createKey();
    const started = await world.keyStarter.start(world.caller, made.key.id, more);
    return { keyId: made.key.id, oldValue: made.value, id: started.rotation.id, newValue: started.value };
  }

  async function ends(keyId: string): Promise<(Date | null)[]> {
    return (await world.secretsOf(keyId)).map(({ validUntil }) => validUntil);
  }

  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );

  const use = (keyId: string): Promise<unknown> =>
    world.platform(async (manager) => {
      const [old] = await world.secretsOf(keyId);
      await manager.update(VirtualKeySecretEntity, { id: old?.id }, { lastUsedAt: world.clock.now() });
    });

  it('has both values work until the old one is unused for the grace time', async () => {
    const { keyId, oldValue, id, newValue } = await begin();
    const startMs = world.clock.nowMs();
    const [old, fresh] = await world.secretsOf(keyId);
    expect([old?.keyHash, fresh?.keyHash]).toEqual([oldValue, newValue].map(hashVirtualKeyValue));
    expect(await ends(keyId)).toEqual([new Date(startMs + 7 * 24 * hourMs), null]);
    world.clock.advanceMs(hourMs / 2);
    await use(keyId);
    const usedMs = world.clock.nowMs();
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
    const [end, none] = await ends(keyId);
    expect(end!.getTime()).toBe(usedMs + hourMs);
    expect(none).toBeNull();
    expect(await world.eventsOf(id)).toEqual([
      'request done',
      'stage done',
      'switch done',
      'watch done',
      'retire done',
    ]);
    expect(world.announced.filter((subject) => subject === keyId).length).toBeGreaterThanOrEqual(2);
  });

  it('ends the old value at the deadline by itself, while no worker runs', async () => {
    const { keyId, id } = await begin({ grace: '1h', deadline: '2h' });
    const deadline = new Date(world.clock.nowMs() + 2 * hourMs);
    expect((await ends(keyId))[0]).toEqual(deadline);
    world.clock.advanceMs(3 * hourMs);
    await use(keyId);
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
    expect((await ends(keyId))[0]).toEqual(deadline);
    expect(await codeOf(world.service.rollback(world.caller, id))).toBe('rotation_finished');
  });

  it('goes back: the old value lives on, the new one ends at once', async () => {
    const { keyId, id } = await begin();
    await world.service.rollback(world.caller, id);
    expect(await world.rotation(id)).toMatchObject({ status: 'rolled_back', finishedAt: expect.any(Date) });
    expect(await ends(keyId)).toEqual([null, world.clock.now()]);
    expect(await codeOf(world.service.cancel(world.caller, id))).toBe('rotation_finished');
  });

  it('retires the old value at once on request', async () => {
    const { keyId, id } = await begin({ grace: '24h' });
    expect(await codeOf(world.service.cancel(world.caller, id))).toBe('rotation_not_possible');
    await world.service.retireNow(world.caller, id);
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
    expect((await ends(keyId))[0]).toEqual(world.clock.now());
  });

  it('runs once at a time', async () => {
    const { keyId } = await begin();
    expect(await codeOf(world.keyStarter.start(world.caller, keyId, {}))).toBe('rotation_in_progress');
    expect(await ends(keyId)).toHaveLength(2);
    const made = await world.createKey();
    const tries = await Promise.all(
      [1, 2, 3].map(() => codeOf(world.keyStarter.start(world.caller, made.key.id, {}))),
    );
    expect(tries.sort()).toEqual(['none', 'rotation_in_progress', 'rotation_in_progress']);
    expect(await ends(made.key.id)).toHaveLength(2);
  });

  it('ends with its key, and with an immediate rotation that ended the old value', async () => {
    const revoked = await begin();
    await world.keys.revoke(world.caller, revoked.keyId);
    expect(await world.runToEnd(revoked.id)).toMatchObject({
      status: 'cancelled',
      errorCode: 'virtual_key_ended',
    });
    const rotated = await begin();
    await world.keys.rotate(world.caller, rotated.keyId, '0s');
    expect(await world.runToEnd(rotated.id)).toMatchObject({ status: 'done' });
  });

  it('is refused for a key that is revoked, or all of whose values end', async () => {
    const revoked = await world.createKey();
    await world.keys.revoke(world.caller, revoked.key.id);
    const start = (id: string): Promise<string> => codeOf(world.keyStarter.start(world.caller, id, {}));
    expect(await start(revoked.key.id)).toBe('virtual_key_revoked');
    expect(await start('key_unknown')).toBe('virtual_key_not_found');
    expect(await codeOf(begin({ grace: '31d' }))).toBe('validation_failed');
  });

  it('has exactly one value in the end, whatever the call at which it is killed', async () => {
    for (let killAt = 1; ; killAt += 1) {
      const { keyId, id, newValue } = await begin({ grace: '1m' });
      world.kill.reset(killAt);
      await world.runToEnd(id).catch((error: unknown) => expect(world.kill.hasKilled || error).toBe(true));
      const hasKilled = world.kill.hasKilled;
      world.kill.reset(null);
      world.passTimeOf(await world.rotation(id));
      expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
      const living = (await world.secretsOf(keyId)).filter(
        ({ validUntil }) => validUntil === null || validUntil > world.clock.now(),
      );
      expect(living.map(({ keyHash }) => keyHash)).toEqual([hashVirtualKeyValue(newValue)]);
      if (!hasKilled) break;
    }
  });
});
