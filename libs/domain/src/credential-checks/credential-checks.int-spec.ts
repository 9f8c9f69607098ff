import { randomBytes } from 'node:crypto';
import { AttemptEntity } from '@signalbox/database';
import { readProjectionDocument } from '@signalbox/gateway';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { SecretStoreError } from '@signalbox/secrets';
import type { Redis } from 'ioredis';
import { type CheckWorld, openCheckWorld } from '../../../../test/support/check-world';
import { dialects, type DialectName } from '../../../../test/stand-ins/provider-validation.answers';
import { faults } from '../../../../test/stand-ins/provider-validation.stand-in';
import { CredentialCheckService } from './credential-check.service';
import { CredentialExpiryService } from './credential-expiry.service';
import { OutcomeWriter } from './outcome-writer.service';

jest.setTimeout(60_000);

const minuteMs = 60_000;
const dayMs = 86_400_000;
const limitMs = 10_000;

let world: CheckWorld;
let checks: CredentialCheckService;
let expiry: CredentialExpiryService;
let organizationId: string;

beforeAll(async () => {
  world = await openCheckWorld();
  checks = world.api.get(CredentialCheckService);
  expiry = world.api.get(CredentialExpiryService);
});
beforeEach(async () => {
  world.provider.reset();
  organizationId = await world.addOrganization();
  // Nothing of the test before is due, and its requests count no longer.
  await world.api.database.transactions.run('platform', (manager) =>
    manager.query('UPDATE credentials SET next_check_at = NULL, expires_at = NULL'),
  );
  world.clock.advanceMs(minuteMs);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => world.close());

const newSecret = (): string => `sk-test-${randomBytes(16).toString('hex')}`;
const signal = (): AbortSignal => new AbortController().signal;
const verified = (): { state: 'verified'; verifiedAt: Date } => ({
  state: 'verified',
  verifiedAt: world.clock.now(),
});

describe('a check', () => {
  it('verifies a new key, in PostgreSQL, for the edges and in the audit trail, and never shows the key', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId });
    const { credential, result } = await checks.checkNow(id, limitMs);
    expect(result).toMatchObject({ outcome: 'valid', httpStatus: 200 });
    expect(credential).toMatchObject({
      state: 'verified',
      version: 2,
      verifiedAt: world.clock.now(),
      checkedAt: world.clock.now(),
      provider: { kind: 'openai' },
    });
    const text = await world.api
      .get<Redis>(REDIS)
      .hget(`${world.api.get<string>(REDIS_PREFIX)}:projection`, `credentials:${organizationId}`);
    const document = readProjectionDocument('credentials', JSON.parse(text ?? 'null'));
    expect(document?.credentials).toMatchObject([{ id, state: 'verified' }]);
    const audit = await world.auditOf(id);
    expect(audit).toMatchObject([
      { action: 'credential.state_changed', changes: { from: 'pending', state: 'verified' } },
    ]);
    expect(JSON.stringify([audit, credential, result, text])).not.toContain(secret);
  });

  it('that finds nothing new makes no version and no audit event', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId });
    await checks.checkNow(id, limitMs);
    world.clock.advanceMs(dayMs);
    await checks.checkNow(id, limitMs);
    expect(await world.credential(id)).toMatchObject({ version: 2, checkedAt: world.clock.now() });
    expect(await world.auditOf(id)).toHaveLength(1);
    expect(await world.eventsOf(id)).toEqual([]);
  });

  it('that takes too long is left to the worker, and says nothing', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    world.provider.misbehave(faults.hang, { times: 1 });
    const id = await world.addKey(secret, { organizationId });
    const { credential, result } = await checks.checkNow(id, 50);
    expect([result, credential.state, credential.nextCheckAt]).toEqual([null, 'pending', world.clock.now()]);
    expect(await checks.checkDue(signal())).toBe(1);
    expect((await world.credential(id)).state).toBe('verified');
  });

  it('of a key of the environment, or of a disabled one, asks nobody', async () => {
    const secret = newSecret();
    const environment = await world.addKey(secret, {
      kind: 'groq',
      row: { source: 'env', state: 'unverified', reference: 'env:X' },
    });
    const disabled = await world.addKey(secret, {
      organizationId,
      row: { enabled: false, state: 'disabled' },
    });
    expect((await checks.checkNow(environment, limitMs)).result).toBeNull();
    expect((await checks.checkNow(disabled, limitMs)).result).toBeNull();
    expect(await checks.checkDue(signal())).toBe(0);
    expect(world.provider.requests).toEqual([]);
    await world.change(environment, { enabled: false, state: 'disabled' });
  });

  it('of a value that was replaced meanwhile changes nothing', async () => {
    const id = await world.addKey(newSecret(), { organizationId });
    const asked = await world.credential(id);
    await world.change(id, { currentVersionId: 'cver_another' });
    const refusal = {
      outcome: 'invalid',
      httpStatus: 401,
      code: null,
      detail: 'no',
      retryAfterMs: null,
      expiresAt: null,
      certainty: 'sure',
    } as const;
    await world.api.get(OutcomeWriter).write(asked, refusal);
    expect(await world.credential(id)).toMatchObject({ state: 'pending', version: 1 });
  });
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

describe('what is due', () => {
  async function addMany(count: number, kind: DialectName): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const secret = newSecret();
      world.provider.setKey(secret, 'good');
      ids.push(await world.addKey(secret, { organizationId: await world.addOrganization(), kind }));
    }
    return ids;
  }

  it('is checked once, however many workers look', async () => {
    await addMany(2, 'mistral');
    await addMany(2, 'groq');
    const counts = await Promise.all([1, 2, 3].map(() => checks.checkDue(signal())));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(world.provider.requests).toHaveLength(4);
    expect(new Set(world.provider.requests.map(({ keyHash }) => keyHash)).size).toBe(4);
  });

  it('never asks one host more than twice at once, and never more than 24 times a minute by itself', async () => {
    const ids = await addMany(30, 'cohere');
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all([checks.checkDue(signal()), checks.checkDue(signal())]);
    }
    expect(world.provider.requests).toHaveLength(24);
    expect(world.provider.mostAtOnce).toBeLessThanOrEqual(2);
    // Somebody who waits for an answer still gets one.
    const waiting = ids.at(-1)!;
    expect((await checks.checkNow(waiting, limitMs)).result).toMatchObject({ outcome: 'valid' });
    // Another host has a limit of its own.
    const [other = ''] = await addMany(1, 'fireworks');
    expect(await checks.checkDue(signal())).toBe(1);
    expect((await world.credential(other)).state).toBe('verified');
    // The rest stays due, and is checked when the minute is over.
    world.clock.advanceMs(minuteMs);
    for (let round = 0; round < rounds; round += 1) await checks.checkDue(signal());
    const states = await Promise.all(ids.map(async (id) => (await world.credential(id)).state));
    expect(new Set(states)).toEqual(new Set(['verified']));
  });

  it('says that nobody was asked when the limit of a host is reached', async () => {
    const ids = await addMany(31, 'together');
    const results = [];
    for (const id of ids) results.push((await checks.checkNow(id, limitMs)).result);
    expect(results.filter((result) => result !== null)).toHaveLength(30);
    const target = { kind: 'together', secret: 'x', baseUrl: world.provider.baseUrl('together') };
    expect(await checks.probe({ ...target, isTrustedUrl: true })).toMatchObject({
      outcome: 'unknown',
      code: 'probe_limit',
    });
  });

  it('is due again a minute after the process that took it died', async () => {
    const [id = ''] = await addMany(1, 'mistral');
    jest
      .spyOn(world.api.get(CredentialVersions), 'readSecret')
      .mockImplementationOnce(() => new Promise(() => undefined));
    const ending = new AbortController();
    const lost = checks.checkDue(ending.signal);
    expect(await checks.checkDue(signal())).toBe(0);
    world.clock.advanceMs(minuteMs);
    expect(await checks.checkDue(signal())).toBe(1);
    expect((await world.credential(id)).state).toBe('verified');
    ending.abort();
    await lost;
  });

  it('can be asked for in the transaction of a change', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const id = await world.addKey(secret, { organizationId, row: { ...verified(), nextCheckAt: null } });
    await world.api.database.transactions.run('platform', (manager) => checks.requestCheck(manager, id));
    expect(await checks.checkDue(signal())).toBe(1);
  });

  it('goes on with the others when one cannot be checked at all', async () => {
    const [broken = ''] = await addMany(1, 'mistral');
    const [fine = ''] = await addMany(1, 'groq');
    await world.change(broken, { nextCheckAt: new Date(world.clock.nowMs() - 1) });
    jest.spyOn(world.api.get(OutcomeWriter), 'write').mockRejectedValueOnce(new Error('a defect'));
    await checks.checkDue(signal());
    const states = [await world.credential(broken), await world.credential(fine)].map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['pending', 'verified']));
  });
});

describe('the end of a key', () => {
  const week = 7 * dayMs;
  const run = () => expiry.run(signal());

  it('is announced a week and a day before, each time once, and then comes', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const expiresAt = new Date(world.clock.nowMs() + week + minuteMs);
    const id = await world.addKey(secret, {
      organizationId,
      row: { ...verified(), expiresAt, nextCheckAt: null },
    });
    expect(await run()).toEqual({ expired: 0, noticed: 0 });
    world.clock.advanceMs(minuteMs);
    const both = await Promise.all([run(), run()]);
    expect(both[0].noticed + both[1].noticed).toBe(1);
    world.clock.advanceMs(5 * dayMs);
    expect(await run()).toEqual({ expired: 0, noticed: 0 });
    world.clock.advanceMs(dayMs);
    expect(await run()).toEqual({ expired: 0, noticed: 1 });
    expect(await run()).toEqual({ expired: 0, noticed: 0 });
    expect((await world.credential(id)).version).toBe(1);
    world.clock.advanceMs(dayMs);
    await Promise.all([run(), run()]);
    expect(await run()).toEqual({ expired: 0, noticed: 0 });
    expect(await world.credential(id)).toMatchObject({ state: 'expired', version: 2, nextCheckAt: null });
    expect(await world.eventsOf(id)).toEqual([
      'credential.expiring',
      'credential.expiring',
      'credential.expired',
    ]);
    // Nobody asks the provider about it any more.
    expect((await checks.checkNow(id, limitMs)).result).toBeNull();
    expect(world.provider.requests).toEqual([]);
  });

  it('is learnt from the provider', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const expiresAt = new Date(world.clock.nowMs() + dayMs);
    const data = { limit_remaining: 1, expires_at: expiresAt.toISOString() };
    world.provider.answerGood({ status: 200, body: { data } });
    const id = await world.addKey(secret, { organizationId, kind: 'openrouter' });
    await checks.checkNow(id, limitMs);
    expect(await world.credential(id)).toMatchObject({ state: 'verified', expiresAt });
  });

  it('of a disabled key is nobody’s business', async () => {
    const id = await world.addKey(newSecret(), {
      organizationId,
      row: { enabled: false, state: 'disabled', expiresAt: new Date(world.clock.nowMs() - 1) },
    });
    expect(await run()).toEqual({ expired: 0, noticed: 0 });
    expect(await world.eventsOf(id)).toEqual([]);
  });
});
