import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { readProjectionDocument } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import { faults } from '../../../../test/stand-ins/provider-validation.stand-in';
import { type CheckWorld, newSecret, openCheckWorld } from '../../../../test/support/check-world';
import { CredentialCheckService } from './credential-check.service';
import { OutcomeWriter } from './outcome-writer.service';

jest.setTimeout(60_000);

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
