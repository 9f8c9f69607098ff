import { CredentialVersions } from '@signalbox/domain/credentials';
import type { DialectName } from '../../../../test/stand-ins/provider-validation.answers';
import { type CheckWorld, newSecret, openCheckWorld } from '../../../../test/support/check-world';
import { CredentialCheckService } from './credential-check.service';
import { OutcomeWriter } from './outcome-writer.service';

jest.setTimeout(60_000);

const minuteMs = 60_000;
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
