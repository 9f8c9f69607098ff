import { type CheckWorld, newSecret, openCheckWorld } from '../../../../test/support/check-world';
import { CredentialCheckService } from './credential-check.service';
import { CredentialExpiryService } from './credential-expiry.service';

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
