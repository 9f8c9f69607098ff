import { randomBytes } from 'node:crypto';
import { AttemptEntity } from '@signalbox/database';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { SecretStoreError } from '@signalbox/secrets';
import { dialects, type DialectName } from '../../../../test/stand-ins/provider-validation.answers';
import { faults } from '../../../../test/stand-ins/provider-validation.stand-in';
import { type CheckWorld, newSecret, openCheckWorld } from '../../../../test/support/check-world';
import { CredentialCheckService } from './credential-check.service';

jest.setTimeout(60_000);

const minuteMs = 60_000;
const dayMs = 86_400_000;
const limitMs = 10_000;

let world: CheckWorld;
let checks: CredentialCheckService;
let organizationId: string;

beforeAll(async () => {
  world = await openCheckWorld();
  checks = world.api.get(CredentialCheckService);
});
beforeEach(async () => {
  await world.startAfresh();
  organizationId = await world.addOrganization();
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => world.close());

const signal = (): AbortSignal => new AbortController().signal;
const verified = (): { state: 'verified'; verifiedAt: Date } => ({
  state: 'verified',
  verifiedAt: world.clock.now(),
});

describe('faults of providers', () => {
  // Every provider with every fault is in provider-drivers/probes.spec.ts.
  const kinds = ['openai', 'google'] as const satisfies DialectName[];

  it.each(Object.keys(faults).filter((name) => name !== 'hang') as (keyof typeof faults)[])(
    'of the sort %s take no key out of use, new or not, of whatever provider',
    async (fault) => {
      world.provider.misbehave(faults[fault]);
      for (const kind of kinds) {
        const secret = newSecret();
        world.provider.setKey(secret, 'good');
        const owner = await world.addOrganization();
        const id = await world.addKey(secret, { organizationId: owner, kind });
        await checks.checkNow(id, limitMs);
        expect(await world.credential(id)).toMatchObject({ state: 'unverified' });
        await world.change(id, { ...verified(), version: 7 });
        for (const ms of [minuteMs, dayMs]) {
          world.clock.advanceMs(ms);
          await checks.checkNow(id, limitMs);
        }
        expect((await world.credential(id)).state).toBe('verified');
        expect(await world.eventsOf(id)).toEqual([]);
      }
    },
  );

  it('one refusal of a good key takes nothing out of use', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId, row: verified() });
    world.provider.misbehave({ kind: 'answer', answer: dialects.openai.badKey }, { times: 1 });
    await checks.checkNow(id, limitMs);
    const refused = await world.credential(id);
    expect(refused).toMatchObject({ state: 'verified', stateReason: 'refused_once' });
    world.clock.advanceMs(refused.nextCheckAt!.getTime() - world.clock.nowMs());
    expect(await checks.checkDue(signal())).toBe(1);
    expect(await world.credential(id)).toMatchObject({
      state: 'verified',
      stateReason: null,
      refusedAt: null,
    });
    expect(await world.eventsOf(id)).toEqual([]);
  });

  it('a dead key is found by itself, and only its owner is affected; it comes back by itself too', async () => {
    const [dead, alive] = [newSecret(), newSecret()];
    world.provider.setKey(dead, 'good');
    world.provider.setKey(alive, 'good');
    const other = await world.addOrganization();
    const deadId = await world.addKey(dead, { organizationId });
    const aliveId = await world.addKey(alive, { organizationId: other });
    const advanceToNextCheck = async (): Promise<void> => {
      const { nextCheckAt } = await world.credential(deadId);
      world.clock.advanceMs(Math.max(0, nextCheckAt!.getTime() - world.clock.nowMs()));
      await checks.checkDue(signal());
    };
    await advanceToNextCheck();
    const neighbour = await world.credential(aliveId);
    expect(neighbour.state).toBe('verified');

    world.provider.setKey(dead, 'bad');
    await advanceToNextCheck();
    expect((await world.credential(deadId)).state).toBe('verified');
    await advanceToNextCheck();
    expect(await world.credential(deadId)).toMatchObject({
      state: 'invalid',
      stateReason: 'provider_refused',
    });
    expect(await world.eventsOf(deadId)).toEqual(['credential.invalid']);

    world.provider.setKey(dead, 'good');
    await advanceToNextCheck();
    expect((await world.credential(deadId)).state).toBe('verified');
    expect(await world.eventsOf(deadId)).toEqual(['credential.invalid', 'credential.recovered']);

    const after = await world.credential(aliveId);
    expect([after.state, after.version]).toEqual(['verified', neighbour.version]);
    expect(await world.eventsOf(aliveId)).toEqual([]);
  });

  it('an account without credit is exhausted, its owner told once, and back when it is filled', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'outOfCredit');
    const id = await world.addKey(secret, { organizationId, row: verified() });
    await checks.checkNow(id, limitMs);
    await checks.checkNow(id, limitMs);
    expect((await world.credential(id)).state).toBe('exhausted');
    world.provider.setKey(secret, 'good');
    world.clock.advanceMs(20 * minuteMs);
    expect(await checks.checkDue(signal())).toBe(1);
    expect(await world.eventsOf(id)).toEqual(['credential.exhausted', 'credential.recovered']);
  });
});

describe('an account that is empty, which only calls tell', () => {
  it('exhausts a key that the provider accepts, until a call succeeds or hours have passed', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId, row: verified() });
    const { fingerprint } = await world.credential(id);
    const call = (more: object): Promise<unknown> =>
      world.api.database.transactions.run('platform', (manager) =>
        manager.insert(AttemptEntity, {
          id: randomBytes(8).toString('hex'),
          requestId: 'req',
          credentialId: id,
          credentialFingerprint: fingerprint,
          startedAt: world.clock.now(),
          endedAt: world.clock.now(),
          ...more,
        }),
      );
    const stateAfterCheck = async (): Promise<string> => {
      world.clock.advanceMs(minuteMs);
      return (await checks.checkNow(id, limitMs)).credential.state;
    };
    await call({ status: 'failure', statusCode: 429, errorClass: 'RateLimitError' });
    await call({
      status: 'failure',
      statusCode: 429,
      errorClass: 'OutOfCredit',
      credentialFingerprint: 'another value',
    });
    expect(await stateAfterCheck()).toBe('verified');
    await call({ status: 'failure', statusCode: 429, errorClass: 'OutOfCredit' });
    expect(await stateAfterCheck()).toBe('exhausted');
    expect(await stateAfterCheck()).toBe('exhausted');
    await call({ status: 'success' });
    expect(await stateAfterCheck()).toBe('verified');
    await call({ status: 'failure', statusCode: 402 });
    expect(await stateAfterCheck()).toBe('exhausted');
    world.clock.advanceMs(6 * 60 * minuteMs);
    expect(await stateAfterCheck()).toBe('verified');
    expect(await world.eventsOf(id)).toEqual([
      'credential.exhausted',
      'credential.recovered',
      'credential.exhausted',
      'credential.recovered',
    ]);
  });
});

describe('faults of the secret store', () => {
  it('a store that is away changes nothing, and the check comes again soon', async () => {
    const id = await world.addKey(newSecret(), { organizationId, row: verified() });
    jest
      .spyOn(world.api.get(CredentialVersions), 'readSecret')
      .mockRejectedValue(new SecretStoreError('unavailable', 'away'));
    expect((await checks.checkNow(id, limitMs)).result).toBeNull();
    const { state, nextCheckAt, version } = await world.credential(id);
    expect([state, version]).toEqual(['verified', 1]);
    expect(nextCheckAt!.getTime()).toBeLessThanOrEqual(world.clock.nowMs() + 2 * minuteMs);
    expect(world.provider.requests).toEqual([]);
  });

  it.each(['not_found', 'unreadable'] as const)(
    'a secret that is %s makes the key unreadable, until it can be read again',
    async (reason) => {
      const secret = newSecret();
      world.provider.setKey(secret, 'good');
      const id = await world.addKey(secret, { organizationId, row: verified() });
      jest
        .spyOn(world.api.get(CredentialVersions), 'readSecret')
        .mockRejectedValueOnce(new SecretStoreError(reason, 'There is no such secret.'));
      await checks.checkNow(id, limitMs);
      expect(await world.credential(id)).toMatchObject({
        state: 'unreadable',
        stateReason: 'secret_unreadable',
      });
      world.clock.advanceMs(20 * minuteMs);
      expect(await checks.checkDue(signal())).toBe(1);
      expect((await world.credential(id)).state).toBe('verified');
      expect(await world.eventsOf(id)).toEqual(['credential.unreadable', 'credential.recovered']);
    },
  );
});
