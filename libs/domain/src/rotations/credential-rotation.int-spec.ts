import { AppError } from '@signalbox/common';
import { CredentialEntity, CredentialVersionEntity, RotationEntity } from '@signalbox/database';
import { RotationWorld, type SavedCredential } from '../../../../test/support/rotations/rotation-world';

jest.setTimeout(60_000);

const minute = 60_000;

describe('a rotation of a provider key', () => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await RotationWorld.open();
  });
  afterAll(() => world.database.close());

  async function rotateTo(
    saved: SavedCredential,
    more: Parameters<RotationWorld['starter']['start']>[2] = {},
  ): Promise<{ id: string; secret: string }> {
    const secret = `sk-new-${saved.id}`;
    world.provider.add(secret);
    const { rotation } = await world.starter.start(world.caller, saved.id, {
      apiKey: secret,
      grace: '10m',
      ...more,
    });
    return { id: rotation.id, secret };
  }

  async function statuses(credentialId: string): Promise<string[]> {
    return (await world.versionsOf(credentialId)).map(({ status }) => status);
  }

  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );

  it('checks, switches, waits for the last use, retires, erases; and each end is told', async () => {
    const saved = await world.saveCredential({ rotateEveryDays: 30, expiresAt: new Date(0) });
    const { id, secret } = await rotateTo(saved);
    expect(await statuses(saved.id)).toEqual(['current', 'staged']);
    await world.runToEnd(id, 'watch');
    const switchedMs = world.clock.nowMs();
    const [old, fresh] = await world.versionsOf(saved.id);
    expect([old?.status, fresh?.status]).toEqual(['retiring', 'current']);
    const credential = await world.credential(saved.id);
    expect(credential).toMatchObject({
      currentVersionId: fresh?.id,
      fingerprint: fresh?.fingerprint,
      last4: secret.slice(-4),
      state: 'verified',
      expiresAt: null,
      nextRotationAt: new Date(switchedMs + 30 * 24 * 60 * minute),
    });
    expect(credential.version).toBeGreaterThan(1);
    world.clock.advanceMs(5 * minute);
    await world.noteUse(old!);
    const usedMs = world.clock.nowMs();
    const ended = await world.runToEnd(id);
    expect(ended).toMatchObject({ status: 'done', errorCode: null });
    const [retired] = await world.versionsOf(saved.id);
    expect(retired).toMatchObject({ status: 'retired' });
    expect(retired!.retiredAt!.getTime()).toBeGreaterThanOrEqual(usedMs + 10 * minute);
    expect(world.secretOf(retired!)).toBeUndefined();
    expect(world.secretOf(fresh!)).toBe(secret);
    expect(await world.eventsOf(id)).toEqual([
      'request done',
      'stage done',
      'validate done',
      'switch done',
      'watch done',
      'retire done',
      'erase done',
    ]);
    expect((await world.notified()).at(-1)).toBe('rotation.finished');
    expect(world.provider.isGood(saved.secret)).toBe(true);
  });

  it('retires a value that is always in use at the deadline', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved, { deadline: '20m' });
    const startedMs = world.clock.nowMs();
    let rotation = await world.runToEnd(id, 'watch');
    while (rotation.finishedAt === null && world.clock.nowMs() < startedMs + 60 * minute) {
      const [old] = await world.versionsOf(saved.id);
      if (old?.status === 'retiring') await world.noteUse(old);
      await world.runner.advanceDue(new AbortController().signal);
      rotation = await world.rotation(id);
      world.clock.advanceMs(minute);
    }
    const [old] = await world.versionsOf(saved.id);
    expect(old!.retiredAt!.getTime() - startedMs).toBeGreaterThanOrEqual(20 * minute);
    expect(old!.retiredAt!.getTime() - startedMs).toBeLessThan(23 * minute);
  });

  it('looks again right before it retires: a use after the last look counts', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved);
    await world.runToEnd(id, 'watch');
    world.clock.advanceMs(5 * minute);
    await world.noteUse((await world.versionsOf(saved.id))[0]!);
    await world.platform((manager) =>
      manager.update(RotationEntity, { id }, { step: 'retire', nextStepAt: world.clock.now() }),
    );
    await world.runner.advanceDue(new AbortController().signal);
    expect(await world.rotation(id)).toMatchObject({ step: 'watch', status: 'running' });
    expect(await statuses(saved.id)).toEqual(['retiring', 'current']);
  });

  it('does not wait for the grace time on request, but for the push to the hooks', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved, { grace: '24h' });
    await world.runToEnd(id, 'watch');
    const [, fresh] = await world.versionsOf(saved.id);
    await world.service.retireNow(world.caller, id);
    await world.service.retireNow(world.caller, id);
    await world.runToEnd(id);
    const [old] = await world.versionsOf(saved.id);
    expect(old!.retiredAt!.getTime() - fresh!.switchedAt!.getTime()).toBe(8_000);
  });

  it('keeps the old key when the provider refuses the new one, twice', async () => {
    const saved = await world.saveCredential();
    const { rotation } = await world.starter.start(world.caller, saved.id, {
      apiKey: 'sk-unknown-0123456789',
    });
    const before = await world.credential(saved.id);
    const ended = await world.runToEnd(rotation.id);
    expect(ended).toMatchObject({ status: 'failed', errorCode: 'new_value_refused' });
    const [old, dropped] = await world.versionsOf(saved.id);
    expect([old?.status, dropped?.status]).toEqual(['current', 'failed']);
    expect(world.secretOf(dropped!)).toBeUndefined();
    expect(world.secretOf(old!)).toBe(saved.secret);
    expect(await world.credential(saved.id)).toEqual(before);
    expect((await world.notified()).at(-1)).toBe('rotation.failed');
  });

  it('goes on through whatever says nothing of the key, and one refusal', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved);
    world.provider.nextOutcomes.push(
      'rate_limited',
      'provider_down',
      'unreachable',
      'unknown',
      'forbidden',
      'out_of_credit',
      'invalid',
    );
    expect(await world.runToEnd(id, 'watch')).toMatchObject({ status: 'running', errorCode: null });
  });

  it('gives up a key that nobody can check until the deadline', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved, { deadline: '1h' });
    world.provider.nextOutcomes.push(...Array.from({ length: 60 }, () => 'provider_down' as const));
    expect(await world.runToEnd(id)).toMatchObject({ status: 'failed', errorCode: 'deadline_passed' });
    world.provider.nextOutcomes.length = 0;
    expect(await statuses(saved.id)).toEqual(['current', 'failed']);
  });

  it('waits for a secret store that is away, at every step that needs it', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved);
    world.store.isAway = true;
    await world.runner.advanceDue(new AbortController().signal);
    expect(await world.rotation(id)).toMatchObject({
      status: 'running',
      step: 'validate',
      errorCode: 'secret_store_unavailable',
    });
    world.store.isAway = false;
    await world.runToEnd(id, 'watch');
    await world.service.retireNow(world.caller, id);
    world.clock.advanceMs(minute);
    world.store.isAway = true;
    await world.runner.advanceDue(new AbortController().signal);
    expect(await world.rotation(id)).toMatchObject({ status: 'running', step: 'erase' });
    world.store.isAway = false;
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done', errorCode: null });
  });

  it('leaves no version and no row when the store is away at the request', async () => {
    const saved = await world.saveCredential();
    world.store.isAway = true;
    const refused = world.starter.start(world.caller, saved.id, { apiKey: 'sk-never-0123456789' });
    expect(await codeOf(refused)).toBe('secret_store_unavailable');
    world.store.isAway = false;
    expect(await statuses(saved.id)).toEqual(['current']);
  });

  it('goes back to the old value, and erases the new one', async () => {
    const saved = await world.saveCredential();
    const { id, secret } = await rotateTo(saved);
    await world.runToEnd(id, 'watch');
    const before = await world.credential(saved.id);
    expect((await world.service.rollback(world.caller, id)).rotation.status).toBe('rolled_back');
    const [old, dropped] = await world.versionsOf(saved.id);
    const credential = await world.credential(saved.id);
    expect(credential).toMatchObject({ currentVersionId: old?.id, fingerprint: old?.fingerprint });
    expect(credential.version).toBe(before.version + 1);
    expect([old?.status, dropped?.status]).toEqual(['current', 'failed']);
    expect(await codeOf(world.service.rollback(world.caller, id))).toBe('rotation_finished');
    // Calls that are on their way with it end first.
    expect(world.secretOf(dropped!)).toBe(secret);
    await world.runToEnd(id);
    expect(world.secretOf(dropped!)).toBeUndefined();
    expect((await rotateTo(saved)).id).not.toBe(id);
  });

  it('is cancelled before the switch only, and rolled back after it only', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved);
    expect(await codeOf(world.service.rollback(world.caller, id))).toBe('rotation_not_possible');
    expect(await codeOf(world.service.retireNow(world.caller, id))).toBe('rotation_not_possible');
    await world.service.cancel(world.caller, id);
    expect(await world.runToEnd(id)).toMatchObject({ status: 'cancelled', errorCode: null });
    expect(await statuses(saved.id)).toEqual(['current', 'failed']);
    const second = await rotateTo(saved);
    await world.runToEnd(second.id, 'watch');
    expect(await codeOf(world.service.cancel(world.caller, second.id))).toBe('rotation_not_possible');
    await world.runToEnd(second.id);
    for (const way of ['rollback', 'cancel', 'retireNow'] as const)
      expect(await codeOf(world.service[way](world.caller, second.id))).toBe('rotation_finished');
  });

  it('runs once at a time for each credential', async () => {
    const saved = await world.saveCredential();
    const tries = await Promise.all(
      ['a', 'b', 'c', 'd'].map((each) =>
        codeOf(world.starter.start(world.caller, saved.id, { apiKey: `sk-${each}-0123456789` })),
      ),
    );
    expect(tries.sort()).toEqual(['none', ...Array.from({ length: 3 }, () => 'rotation_in_progress')]);
    expect(await statuses(saved.id)).toEqual(['current', 'staged']);
  });

  it('ends with its credential', async () => {
    const disabled = await world.saveCredential();
    const first = await rotateTo(disabled);
    await world.platform((manager) =>
      manager.update(CredentialEntity, { id: disabled.id }, { enabled: false, state: 'disabled' }),
    );
    expect(await world.runToEnd(first.id)).toMatchObject({
      status: 'cancelled',
      errorCode: 'credential_disabled',
    });
    expect(await statuses(disabled.id)).toEqual(['current', 'failed']);
    const deleted = await world.saveCredential();
    const second = await rotateTo(deleted);
    await world.runToEnd(second.id, 'watch');
    await world.platform((manager) =>
      manager.update(
        CredentialEntity,
        { id: deleted.id },
        { enabled: false, state: 'disabled', deletedAt: world.clock.now() },
      ),
    );
    expect(await world.runToEnd(second.id)).toMatchObject({ status: 'done' });
  });

  it('drops its value when the credential got another one meanwhile', async () => {
    const saved = await world.saveCredential();
    const { id } = await rotateTo(saved);
    await world.platform((manager) =>
      manager.update(CredentialEntity, { id: saved.id }, { currentVersionId: 'cver_other' }),
    );
    expect(await world.runToEnd(id)).toMatchObject({ status: 'failed', errorCode: 'replaced_meanwhile' });
  });

  it('is refused where it makes no sense, and says what to do instead', async () => {
    const ofEnvironment = await world.saveCredential({ source: 'env', reference: 'env:OPENAI_API_KEY' });
    const byHand = await world.saveCredential({ source: 'store' });
    const off = await world.saveCredential({ enabled: false, state: 'disabled' });
    const saved = await world.saveCredential();
    const start = (id: string, apiKey?: string): Promise<string> =>
      codeOf(world.starter.start(world.caller, id, apiKey === undefined ? {} : { apiKey }));
    for (const { id } of [ofEnvironment, byHand, off])
      expect(await start(id, 'sk-any-0123456789')).toBe('rotation_not_possible');
    expect(await start(saved.id)).toBe('rotation_not_possible');
    expect(await start(saved.id, saved.secret)).toBe('rotation_not_possible');
    expect(await start(saved.id, 'sk with a space')).toBe('credential_key_invalid');
    expect(await start('cred_unknown', 'sk-any-0123456789')).toBe('credential_not_found');
    expect(await statuses(saved.id)).toEqual(['current']);
  });

  it('writes no secret into rows, events, audit trail or notifications', async () => {
    const saved = await world.saveCredential();
    const { id, secret } = await rotateTo(saved);
    world.provider.nextOutcomes.push('provider_down');
    await world.runToEnd(id);
    const tables = ['rotations', 'rotation_events', 'audit_events', 'webhook_deliveries', 'credentials'];
    for (const table of [...tables, 'credential_versions']) {
      const rows = await world.platform((manager) => manager.query(`SELECT * FROM ${table}`));
      for (const value of [saved.secret, secret]) expect(JSON.stringify(rows)).not.toContain(value);
    }
    expect(await world.platform((manager) => manager.count(CredentialVersionEntity))).toBeGreaterThan(0);
  });
});
