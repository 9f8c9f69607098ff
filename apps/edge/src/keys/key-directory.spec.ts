import { ManualClock } from '@signalbox/common';
import { defaultRoutingPolicy, type ProjectionField, unlimited } from '@signalbox/gateway';
import { KeyDirectory } from './key-directory';
import { LastContact } from './last-contact';
import type { ProjectionReader } from './projection-reader';
import { type ProjectionEntry, ProjectionStore } from './projection-store';

const offlineMs = 3_600_000;
const hash = 'a'.repeat(64);
const key = {
  v: 1,
  key_id: 'key_1',
  organization_id: 'org_1',
  workspace_id: 'ws_1',
  key_alias: null,
  models: [],
  status: 'active' as const,
  expires_at: null,
  ...unlimited,
  max_budget: null,
  budget_duration: null,
  user_id: null,
  service_id: null,
};
const keyEntry: ProjectionEntry = { field: { kind: 'key', id: hash }, document: key };
const above: ProjectionEntry[] = [
  {
    field: { kind: 'workspace', id: 'ws_1' },
    document: {
      v: 1,
      id: 'ws_1',
      organization_id: 'org_1',
      models: [],
      blocked: false,
      deleted: false,
      credential_policy: 'byok_then_platform',
      platform_fallback: false,
      ...unlimited,
      routing: defaultRoutingPolicy,
    },
  },
  {
    field: { kind: 'organization', id: 'org_1' },
    document: { v: 1, id: 'org_1', blocked: false, deleted: false, platform_credentials: true, ...unlimited },
  },
];

class FakeReader {
  entries: ProjectionEntry[] = [];
  isComplete = true;
  isDown = false;
  reads = 0;

  readFields(
    fields: readonly ProjectionField[],
  ): Promise<{ isComplete: boolean; entries: ProjectionEntry[] }> {
    this.reads += 1;
    if (this.isDown) return Promise.reject(new Error('connection is closed'));
    const wanted = new Set(fields.map(({ id }) => id));
    const entries = this.entries.filter(({ field }) => wanted.has(field.id));
    return Promise.resolve({ isComplete: this.isComplete, entries });
  }
}

function setUp(): {
  directory: KeyDirectory;
  store: ProjectionStore;
  reader: FakeReader;
  clock: ManualClock;
  contact: LastContact;
} {
  const [store, reader, clock] = [new ProjectionStore(), new FakeReader(), new ManualClock()];
  const contact = new LastContact(clock);
  const reading = reader as unknown as ProjectionReader;
  const directory = new KeyDirectory(store, reading, clock, contact, offlineMs);
  return { directory, store, reader, clock, contact };
}

describe('looking up a key', () => {
  it('needs no Redis for what is in memory', () => {
    const { directory, store, reader } = setUp();
    for (const entry of [keyEntry, ...above]) store.apply(entry);
    expect(directory.find(hash)).toMatchObject({
      key,
      workspace: { id: 'ws_1' },
      organization: { id: 'org_1' },
    });
    expect(reader.reads).toBe(0);
  });

  it('finds key, workspace and organization in Redis', async () => {
    const { directory, reader } = setUp();
    reader.entries = [keyEntry, ...above];
    expect(await directory.find(hash)).toMatchObject({
      key,
      workspace: { id: 'ws_1' },
      organization: { id: 'org_1' },
    });
    expect(directory.find(hash)).not.toBeInstanceOf(Promise);
  });

  it('remembers an unknown key for a moment, unless it is announced', async () => {
    const { directory, reader, clock } = setUp();
    expect(await directory.find(hash)).toBe('unknown');
    expect(directory.find(hash)).toBe('unknown');
    expect(reader.reads).toBe(1);
    directory.forgetUnknown(hash);
    await directory.find(hash);
    expect(reader.reads).toBe(2);
    clock.advanceMs(1_500);
    await directory.find(hash);
    expect(reader.reads).toBe(3);
  });

  it('shares one look-up among those who ask together', async () => {
    const { directory, reader } = setUp();
    expect(await Promise.all([directory.find(hash), directory.find(hash), directory.find(hash)])).toEqual(
      Array.from({ length: 3 }, () => 'unknown'),
    );
    expect(reader.reads).toBe(1);
  });

  it.each<[string, Partial<FakeReader>]>([
    ['Redis does not answer', { isDown: true }],
    ['the projection is not complete', { isComplete: false }],
    ['the document is unreadable', { entries: [{ field: keyEntry.field, document: null }] }],
  ])('is inconclusive while %s, and nothing is remembered', async (_name, state) => {
    const { directory, reader } = setUp();
    Object.assign(reader, state);
    expect(await directory.find(hash)).toBe('unavailable');
    Object.assign(reader, { isDown: false, isComplete: true, entries: [keyEntry, ...above] });
    expect(await directory.find(hash)).toMatchObject({ key });
  });

  it('does not invent a workspace', async () => {
    const { directory, reader } = setUp();
    reader.entries = [keyEntry];
    expect(await directory.find(hash)).toMatchObject({ key, workspace: null, organization: null });
  });
});
