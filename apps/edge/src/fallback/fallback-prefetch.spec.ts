import { type LogFields, createLogger, ManualClock } from '@signalbox/common';
import type { Caller } from '../keys/key-directory';
import type { LeaseAnswer } from './fallback-broker';
import type { FallbackCredentials, WantedKey } from './fallback-credentials';
import { FallbackPrefetch } from './fallback-prefetch';

const callerOf = (keyHash: string): Caller => ({ keyHash }) as Caller;
const hour = 3_600_000;

describe('keys fetched ahead', () => {
  let clock: ManualClock;
  let fetched: WantedKey[][];
  let answer: (wanted: WantedKey) => LeaseAnswer;
  let due: (credentialId: string) => boolean;
  let listed: (credentialId: string) => boolean;
  let looks: number;
  let logs: LogFields[];
  let prefetch: FallbackPrefetch;

  beforeEach(() => {
    clock = new ManualClock();
    fetched = [];
    looks = 0;
    logs = [];
    answer = () => ({}) as LeaseAnswer;
    due = listed = () => true;
    const credentials = {
      sweep: () => undefined,
      isDue: ({ credentialId }: WantedKey) => due(credentialId),
      isListed: ({ credentialId }: WantedKey) => listed(credentialId),
      fetch: (wanted: WantedKey[]) => {
        fetched.push(wanted);
        return Promise.resolve(wanted.map(answer));
      },
    };
    prefetch = new FallbackPrefetch({
      credentials: credentials as unknown as FallbackCredentials,
      keysOf: ({ keyHash }) => {
        looks += 1;
        return [{ credentialId: `cred_of_${keyHash.slice(0, 1)}`, ownerKey: 'ws_1' }];
      },
      clock,
      logger: createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields)),
      random: () => 0.5,
    });
  });

  const asked = (): string[][] =>
    fetched.map((batch) => batch.map(({ credentialId, keyHash }) => `${credentialId} for ${keyHash}`));

  it('are those of the callers, together, by the right of the last one', async () => {
    for (const hash of ['a1', 'b1', 'a2']) prefetch.note(callerOf(hash));
    await prefetch.tick();
    expect(asked()).toEqual([['cred_of_b for b1', 'cred_of_a for a2']]);
  });

  it('are looked up once in a while, however many calls there are', () => {
    for (let call = 0; call < 100; call += 1) prefetch.note(callerOf('a1'));
    expect(looks).toBe(1);
    clock.advanceMs(15_000);
    prefetch.note(callerOf('a1'));
    expect(looks).toBe(2);
  });

  it('are fetched again when they are due, also when nobody calls any more, for a day', async () => {
    due = () => false;
    prefetch.note(callerOf('a1'));
    await prefetch.tick();
    expect(fetched).toEqual([]);
    due = () => true;
    clock.advanceMs(23 * hour);
    await prefetch.tick();
    clock.advanceMs(2 * hour);
    await prefetch.tick();
    expect(fetched).toHaveLength(1);
  });

  it('are not fetched once their owner does not list them', async () => {
    prefetch.note(callerOf('a1'));
    listed = () => false;
    await prefetch.tick();
    listed = () => true;
    await prefetch.tick();
    expect(fetched).toEqual([]);
  });

  it('are left to the next caller when the broker refuses this one', async () => {
    answer = () => 'refused';
    prefetch.note(callerOf('a1'));
    await prefetch.tick();
    await prefetch.tick();
    expect(fetched).toHaveLength(1);
    prefetch.note(callerOf('a2'));
    await prefetch.tick();
    expect(asked()[1]).toEqual(['cred_of_a for a2']);
  });

  it('are waited for while the broker is away, which is said once a minute', async () => {
    answer = () => 'away';
    prefetch.note(callerOf('a1'));
    await prefetch.tick();
    await prefetch.tick();
    clock.advanceMs(3_001);
    await prefetch.tick();
    expect(fetched).toHaveLength(2);
    expect(logs).toMatchObject([{ level: 'warn', keys: 1 }]);
    answer = () => ({}) as LeaseAnswer;
    clock.advanceMs(3_001);
    await prefetch.tick();
    expect(fetched).toHaveLength(3);
  });

  it('are 5,000 at most', async () => {
    const one = prefetch as unknown as { dependencies: { keysOf: unknown } };
    one.dependencies.keysOf = ({ keyHash }: Caller) => [{ credentialId: keyHash, ownerKey: 'ws_1' }];
    for (let index = 0; index < 5_010; index += 1) prefetch.note(callerOf(`key-${index}`));
    await prefetch.tick();
    expect(fetched[0]).toHaveLength(5_000);
    expect(fetched[0]?.[0]?.credentialId).toBe('key-10');
  });
});
