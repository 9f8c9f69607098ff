import type { Clock } from '@signalbox/common';
import type { CredentialsDocument } from '@signalbox/gateway';
import { ProjectionStore } from '../keys/projection-store';
import type { FallbackBroker, Lease, LeaseAnswer, LeaseQuestion } from './fallback-broker';
import { FallbackCredentials, type WantedKey } from './fallback-credentials';

const minute = 60_000;
const ofCredential: WantedKey = { credentialId: 'cred_1', ownerKey: 'ws_1', keyHash: 'hash_1' };

const lease = (change: Partial<Lease> = {}): Lease => ({
  ownerKey: 'ws_1',
  fingerprint: 'f1',
  secret: 'sk-1',
  environmentVariable: null,
  baseUrl: null,
  baseUrlIsTrusted: false,
  freshForMs: 30_000,
  usableForMs: 30 * minute,
  ...change,
});

class FakeBroker implements FallbackBroker {
  readonly asked: LeaseQuestion[][] = [];
  answer: (question: LeaseQuestion) => LeaseAnswer = () => lease();
  isAway = false;
  gate: Promise<void> = Promise.resolve();

  async ask(questions: readonly LeaseQuestion[]): Promise<readonly LeaseAnswer[] | null> {
    this.asked.push([...questions]);
    await this.gate;
    return this.isAway ? null : questions.map(this.answer);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('provider keys in memory', () => {
  let nowMs: number;
  let version: number;
  let store: ProjectionStore;
  let broker: FakeBroker;
  let credentials: FallbackCredentials;

  /** The owner's keys, in a document of a newer version. */
  function save(states: Record<string, CredentialsDocument['credentials'][number]['state']>): void {
    version += 1;
    const list = Object.entries(states).map(([id, state]) => ({
      id,
      provider_id: 'prov_1',
      state,
      expires_at: null,
    }));
    const document = { v: version, owner_key: 'ws_1', credentials: list };
    store.apply({ field: { kind: 'credentials', id: 'ws_1' }, document });
  }

  beforeEach(() => {
    nowMs = 1_700_000_000_000;
    version = 0;
    store = new ProjectionStore();
    broker = new FakeBroker();
    const clock: Clock = { nowMs: () => nowMs, now: () => new Date(nowMs) };
    const variables = new Map([['OPENROUTER_API_KEY', 'sk-or-env']]);
    credentials = new FallbackCredentials({ broker, store, clock, variables });
    save({ cred_1: 'verified', cred_2: 'verified' });
  });

  const secret = async (wanted = ofCredential): Promise<string | null> =>
    (await credentials.find(wanted))?.secret ?? null;

  it('asks once, and goes on without the broker for as long as the lease says', async () => {
    expect(await secret()).toBe('sk-1');
    broker.isAway = true;
    nowMs += 29 * minute;
    expect(await secret()).toBe('sk-1');
    nowMs += minute;
    expect(await secret()).toBeNull();
    expect(credentials.exportForSnapshot()).toEqual([]);
  });

  it('asks again in the background once it is no longer fresh', async () => {
    await secret();
    nowMs += 29_000;
    await secret();
    expect(broker.asked).toHaveLength(1);
    broker.answer = () => lease({ secret: 'sk-2' });
    nowMs += 2_000;
    expect(await secret()).toBe('sk-1');
    await new Promise(setImmediate);
    expect([await secret(), broker.asked.length]).toEqual(['sk-2', 2]);
  });

  it('does not make calls wait for a broker that was away a moment ago', async () => {
    broker.isAway = true;
    expect([await secret(), await secret()]).toEqual([null, null]);
    expect(broker.asked).toHaveLength(1);
    nowMs += 1_001;
    broker.isAway = false;
    expect(await secret()).toBe('sk-1');
  });

  it('shares one question among calls that come together', async () => {
    let open = (): void => undefined;
    broker.gate = new Promise((resolve) => (open = resolve));
    const answers = [secret(), secret(), secret()];
    open();
    expect(await Promise.all(answers)).toEqual(['sk-1', 'sk-1', 'sk-1']);
    expect(broker.asked).toHaveLength(1);
  });

  it.each(['invalid', 'expired', 'unreadable'] as const)('forgets a key that is %s', async (state) => {
    await secret();
    save({ cred_1: state });
    broker.isAway = true;
    expect(await secret()).toBeNull();
    credentials.sweep();
    expect(credentials.exportForSnapshot()).toEqual([]);
  });

  it('forgets a key that its owner no longer has, and one that the broker refuses', async () => {
    await secret();
    save({ cred_2: 'verified' });
    broker.answer = () => 'refused';
    expect(await secret()).toBeNull();
    save({ cred_1: 'verified', cred_2: 'verified' });
    broker.isAway = true;
    nowMs += minute;
    expect(await secret()).toBeNull();
  });

  it('drops what the broker refuses, although it was good for longer', async () => {
    await secret();
    nowMs += minute;
    broker.answer = () => 'refused';
    await secret();
    await new Promise(setImmediate);
    expect(await secret()).toBeNull();
  });

  it('after a change of the owner’s keys the broker is asked first; without it the old value serves for 5 s', async () => {
    await secret();
    broker.answer = () => lease({ secret: 'sk-2' });
    save({ cred_1: 'verified', cred_2: 'invalid' });
    expect(await secret()).toBe('sk-2');
    save({ cred_1: 'verified' });
    broker.isAway = true;
    expect(await secret()).toBe('sk-2');
    nowMs += 4_999;
    expect(await secret()).toBe('sk-2');
    nowMs += 1;
    expect(await secret()).toBeNull();
    broker.isAway = false;
    nowMs += 1_001;
    expect(await secret()).toBe('sk-2');
  });

  it('does not take an answer for new that was asked for before a change', async () => {
    let open = (): void => undefined;
    broker.gate = new Promise((resolve) => (open = resolve));
    const early = secret();
    save({ cred_1: 'verified' });
    const late = secret();
    open();
    expect(await Promise.all([early, late])).toEqual(['sk-1', 'sk-1']);
    expect(broker.asked).toHaveLength(2);
  });

  it('never gives one owner’s key to another', async () => {
    await secret();
    const foreign = { ...ofCredential, ownerKey: 'ws_2' };
    store.apply({
      field: { kind: 'credentials', id: 'ws_2' },
      document: {
        v: 1,
        owner_key: 'ws_2',
        credentials: [{ id: 'cred_1', provider_id: 'prov_1', state: 'verified', expires_at: null }],
      },
    });
    expect(await secret(foreign)).toBeNull();
  });

  it('knows the variable that it has, and no other', async () => {
    broker.answer = ({ credentialId }) =>
      lease({
        secret: null,
        environmentVariable: credentialId === 'cred_1' ? 'OPENROUTER_API_KEY' : 'OPENAI_API_KEY',
      });
    expect(await secret()).toBe('sk-or-env');
    expect(await secret({ ...ofCredential, credentialId: 'cred_2' })).toBeNull();
    expect(credentials.ofVariable('PATH')).toBeNull();
    expect(credentials.exportForSnapshot()).toEqual([]);
  });

  it('is due before it is needed: when it is not there, has changed, or a third of its time is over', async () => {
    expect(credentials.isDue(ofCredential)).toBe(true);
    await credentials.fetch([ofCredential]);
    expect(credentials.isDue(ofCredential)).toBe(false);
    nowMs += 10 * minute + 1;
    expect(credentials.isDue(ofCredential)).toBe(true);
    await credentials.fetch([ofCredential]);
    expect(credentials.isDue(ofCredential)).toBe(false);
    save({ cred_1: 'verified' });
    expect(credentials.isDue(ofCredential)).toBe(true);
    save({ cred_1: 'invalid' });
    expect(credentials.isDue(ofCredential)).toBe(false);
  });

  it('fetches in batches of 200, and stops when the broker is away', async () => {
    const wanted = Array.from({ length: 450 }, (_, index) => ({
      ...ofCredential,
      credentialId: `cred_${index}`,
    }));
    const answers = await credentials.fetch(wanted);
    expect(broker.asked.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(answers.every((answer) => answer !== 'away')).toBe(true);
    broker.isAway = true;
    expect(new Set(await credentials.fetch(wanted))).toEqual(new Set(['away']));
    expect(broker.asked).toHaveLength(4);
  });

  describe('in the snapshot', () => {
    it('go out and come back, until their time is over', async () => {
      await secret();
      const exported = credentials.exportForSnapshot();
      expect(exported).toEqual([
        {
          credential_id: 'cred_1',
          owner_key: 'ws_1',
          fingerprint: 'f1',
          secret: 'sk-1',
          base_url: null,
          base_url_is_trusted: false,
          usable_until_ms: nowMs + 30 * minute,
          document_version: 1,
        },
      ]);
      credentials.clear();
      broker.isAway = true;
      expect(await secret()).toBeNull();
      credentials.importFromSnapshot(JSON.parse(JSON.stringify(exported)) as typeof exported);
      expect(await secret()).toBe('sk-1');
      nowMs += 30 * minute;
      expect(await secret()).toBeNull();
    });

    it('are not taken where the documents say otherwise', async () => {
      await secret();
      const exported = credentials.exportForSnapshot();
      credentials.clear();
      save({ cred_2: 'verified' });
      credentials.importFromSnapshot(exported);
      save({ cred_1: 'verified' });
      broker.isAway = true;
      expect(await secret()).toBeNull();
    });

    it('do not replace what was fetched meanwhile', async () => {
      await secret();
      const exported = credentials.exportForSnapshot().map((one) => ({ ...one, secret: 'sk-old' }));
      credentials.importFromSnapshot(exported);
      expect(await secret()).toBe('sk-1');
    });
  });
});
