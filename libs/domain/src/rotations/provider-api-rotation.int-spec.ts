import type { RotationEntity } from '@signalbox/database';
import { CredentialEntity } from '@signalbox/database';
import { RotationWorld, type SavedCredential } from '../../../../test/support/rotations/rotation-world';

jest.setTimeout(60_000);

describe.each([
  ['an admin key', false],
  ['the key itself', true],
])('a rotation by %s at the provider', (_title, isSelfRotating) => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await RotationWorld.open(isSelfRotating);
  });
  beforeEach(() => {
    world.provider.nextFailures.length = 0;
  });
  afterAll(() => world.database.close());

  async function begin(
    more: { revokeAtProvider?: boolean } = {},
  ): Promise<{ saved: SavedCredential; id: string }> {
    const saved = await world.saveCredential();
    const { rotation } = await world.starter.start(world.caller, saved.id, {
      method: 'provider_api',
      grace: '5m',
      ...more,
    });
    return { saved, id: rotation.id };
  }

  async function currentSecret({ id }: SavedCredential): Promise<string | undefined> {
    const current = (await world.versionsOf(id)).find(({ status }) => status === 'current');
    return current && world.secretOf(current);
  }

  it('makes the new key, and revokes the old one at the end if it is asked to', async () => {
    const asked = await begin({ revokeAtProvider: true });
    expect(await world.runToEnd(asked.id)).toMatchObject({ status: 'done', errorCode: null });
    expect(world.provider.isGood(asked.saved.secret)).toBe(false);
    expect(world.provider.isGood(await currentSecret(asked.saved))).toBe(true);
    const notAsked = await begin();
    await world.runToEnd(notAsked.id);
    expect(world.provider.isGood(notAsked.saved.secret)).toBe(true);
    expect(await currentSecret(notAsked.saved)).not.toBe(notAsked.saved.secret);
  });

  it('goes back to the old key, and revokes the new one', async () => {
    const { saved, id } = await begin({ revokeAtProvider: true });
    await world.runToEnd(id, 'watch');
    const made = await currentSecret(saved);
    await world.service.rollback(world.caller, id);
    expect(world.provider.isGood(made)).toBe(true);
    expect(await world.runToEnd(id)).toMatchObject({ status: 'rolled_back', errorCode: null });
    expect(world.provider.isGood(made)).toBe(false);
    expect(world.provider.isGood(saved.secret)).toBe(true);
    expect(await currentSecret(saved)).toBe(saved.secret);
  });

  it('waits for a provider that is down or busy, and tells that it does', async () => {
    const { id } = await begin();
    for (const reason of ['unavailable', 'rate_limited', 'bad_answer'] as const)
      world.provider.nextFailures.push({ call: 'createKey', reason, isDone: false });
    await world.runner.advanceDue(new AbortController().signal);
    expect(await world.rotation(id)).toMatchObject({ status: 'running', errorCode: 'provider_unavailable' });
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done', errorCode: null });
  });

  it('fails when the provider says no again and again; the old key stays', async () => {
    const { saved, id } = await begin();
    for (let count = 0; count < 3; count += 1)
      world.provider.nextFailures.push({ call: 'createKey', reason: 'refused', isDone: false });
    expect(await world.runToEnd(id)).toMatchObject({ status: 'failed', errorCode: 'provider_refused' });
    expect(await currentSecret(saved)).toBe(saved.secret);
    expect((await world.versionsOf(saved.id)).map(({ status }) => status)).toEqual(['current']);
  });

  it('gives up to revoke the old key after many tries, and says which key a person has to delete', async () => {
    const { saved, id } = await begin({ revokeAtProvider: true });
    for (let count = 0; count < 40; count += 1)
      world.provider.nextFailures.push({ call: 'revokeKey', reason: 'unavailable', isDone: false });
    const ended = await world.runToEnd(id);
    expect(ended).toMatchObject({ status: 'done', errorCode: 'key_left_at_provider' });
    expect(ended.errorDetail).toContain(saved.secret.slice(-4));
    expect(world.provider.isGood(saved.secret)).toBe(true);
    const [old] = await world.versionsOf(saved.id);
    expect(world.secretOf(old!)).toBeUndefined();
  });
});

describe('a rotation by an admin key', () => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await RotationWorld.open();
  });
  afterAll(() => world.database.close());

  async function started(saved: SavedCredential, more: object = {}): Promise<RotationEntity> {
    const input = { method: 'provider_api' as const, grace: '5m', ...more };
    return (await world.starter.start(world.caller, saved.id, input)).rotation;
  }

  it('has no second key of a lost answer before the new one is even looked at', async () => {
    const saved = await world.saveCredential();
    const { id } = await started(saved);
    world.provider.nextFailures.push({ call: 'createKey', reason: 'unavailable', isDone: true });
    world.provider.nextOutcomes.push('unreachable');
    const rotation = await world.runToEnd(id, 'validate');
    expect(world.provider.living(rotation.id)).toHaveLength(1);
    expect(world.provider.keysThere.filter(({ label }) => label === rotation.id)).toHaveLength(2);
  });

  it('has patience with a key that the provider does not know everywhere yet', async () => {
    const { id } = await started(await world.saveCredential());
    world.provider.nextOutcomes.push('invalid', 'invalid', 'invalid', 'invalid');
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
  });

  it('fails without an admin key of the same owner, and names what is missing', async () => {
    const saved = await world.saveCredential();
    const { ownerKey } = await world.credential(saved.id);
    await world.platform((manager) =>
      manager.update(CredentialEntity, { ownerKey, purpose: 'admin' }, { enabled: false, state: 'disabled' }),
    );
    const { id } = await started(saved);
    const ended = await world.runToEnd(id);
    expect(ended).toMatchObject({ status: 'failed', errorCode: 'provider_refused' });
    expect(ended.errorDetail).toContain('purpose admin');
  });

  it("never uses another owner's admin key, even if the settings name it", async () => {
    const other = await world.saveCredential();
    const { ownerKey } = await world.credential(other.id);
    const [admin] = await world.platform((manager) =>
      manager.findBy(CredentialEntity, { ownerKey, purpose: 'admin' }),
    );
    const saved = await world.saveCredential({ rotation: { admin_credential_id: admin?.id } });
    const { id } = await started(saved);
    expect(await world.runToEnd(id)).toMatchObject({ status: 'failed', errorCode: 'provider_refused' });
  });

  it('is not for admin keys themselves', async () => {
    const saved = await world.saveCredential();
    await world.platform((manager) =>
      manager.update(CredentialEntity, { id: saved.id }, { enabled: false, state: 'disabled' }),
    );
    const { ownerKey } = await world.credential(saved.id);
    const [admin] = await world.platform((manager) =>
      manager.findBy(CredentialEntity, { ownerKey, purpose: 'admin' }),
    );
    const start = world.starter.start(world.caller, admin!.id, { method: 'provider_api' });
    await expect(start).rejects.toMatchObject({ code: 'rotation_not_possible' });
  });

  it('says so when the id of the old key at the provider is not known', async () => {
    const saved = await world.saveCredential();
    const [version] = await world.versionsOf(saved.id);
    await world.platform((manager) =>
      manager.query('UPDATE credential_versions SET external_id = NULL WHERE id = $1', [version?.id]),
    );
    const { id } = await started(saved, { revokeAtProvider: true });
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done', errorCode: 'key_left_at_provider' });
    expect(await world.eventsOf(id)).toContain('revoke_at_provider given_up');
  });

  it('does not ask the provider for a key while the secret store is away', async () => {
    const { id } = await started(await world.saveCredential());
    world.store.isAway = true;
    await world.runner.advanceDue(new AbortController().signal);
    expect(world.provider.living(id)).toEqual([]);
    world.store.isAway = false;
    expect(await world.runToEnd(id)).toMatchObject({ status: 'done' });
  });
});
