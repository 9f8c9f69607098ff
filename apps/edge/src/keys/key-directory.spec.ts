import { ManualClock } from '@signalbox/common';
import {
  type ProjectionField,
  type RoutingRules,
  unlimited,
  type WorkspaceDocument,
} from '@signalbox/gateway';
import { plainOrganization, plainWorkspace } from '../../../../test/support/projection-documents';
import { type Caller, KeyDirectory } from './key-directory';
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
    document: plainWorkspace,
  },
  {
    field: { kind: 'organization', id: 'org_1' },
    document: plainOrganization,
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

  it('gives the same object until a document changes', () => {
    const { directory, store } = setUp();
    for (const entry of [keyEntry, ...above]) store.apply(entry);
    const caller = directory.find(hash);
    expect(directory.find(hash)).toBe(caller);
    const changes: ProjectionEntry[] = [keyEntry, ...above].map(({ field, document }) => ({
      field,
      document: { ...document!, v: 2 },
    }));
    let before = caller;
    for (const change of changes) {
      store.apply(change);
      const now = directory.find(hash);
      expect(now).not.toBe(before);
      expect(directory.find(hash)).toBe(now);
      before = now;
    }
    expect(before).toMatchObject({ key: { v: 2 }, workspace: { v: 2 }, organization: { v: 2 } });
  });

  it('merges what platform, organization and workspace say of the routing, and anew when one of them changes', () => {
    const { directory, store } = setUp();
    const [workspace, organization] = above as [ProjectionEntry, ProjectionEntry];
    const routingOf = (): unknown => {
      const { routing } = directory.find(hash) as Caller;
      return [routing.power_level, routing.cross_vendor, routing.attempt_limit];
    };
    const put = ({ field, document }: ProjectionEntry, v: number, routing: RoutingRules): void =>
      store.apply({ field, document: { ...document!, v, routing } });
    const settings: ProjectionEntry = {
      field: { kind: 'settings', id: 'platform' },
      document: { v: 1, routing: {} },
    };
    for (const entry of [keyEntry, ...above]) store.apply(entry);
    expect(routingOf()).toEqual(['balanced', false, 4]);
    put(settings, 2, { power_level: 'eco', cross_vendor: true });
    expect(routingOf()).toEqual(['eco', true, 4]);
    put(organization, 2, { power_level: 'precision', attempt_limit: 2 });
    expect(routingOf()).toEqual(['precision', true, 2]);
    put(workspace, 2, { cross_vendor: false });
    expect(routingOf()).toEqual(['precision', false, 2]);
    put(organization, 3, {});
    expect(routingOf()).toEqual(['eco', false, 4]);
  });

  it('holds to the strictest rules of data while nobody can read those of the platform', () => {
    const { directory, store } = setUp();
    for (const entry of [keyEntry, ...above]) store.apply(entry);
    store.apply({ field: { kind: 'settings', id: 'platform' }, document: null });
    expect(directory.find(hash)).toMatchObject({ routing: { no_training: true, regions: [] } });
  });

  it('does not invent a workspace', async () => {
    const { directory, reader } = setUp();
    reader.entries = [keyEntry];
    expect(await directory.find(hash)).toMatchObject({ key, workspace: null, organization: null });
  });
});

describe('an edge that is cut off', () => {
  const withBound = (seconds: number | null): ProjectionEntry => {
    const [{ field, document }] = above as [ProjectionEntry];
    const routing = { offline_seconds: seconds };
    return { field, document: { ...(document as WorkspaceDocument), routing } };
  };

  it.each<[string, number | null, number]>([
    ['the bound of the edge', null, offlineMs],
    ['a shorter bound of the workspace', 60, 60_000],
    ['a longer bound of the workspace', 7_200, 7_200_000],
    ['no time at all, as soon as it is noticed', 0, 2_000],
  ])('serves keys in memory for %s', (_name, seconds, boundMs) => {
    const { directory, store, clock, contact } = setUp();
    for (const entry of [keyEntry, withBound(seconds), above[1]!]) store.apply(entry);
    clock.advanceMs(boundMs);
    expect(directory.find(hash)).toMatchObject({ key });
    clock.advanceMs(1);
    expect(directory.find(hash)).toBe('outdated');
    contact.note(clock.nowMs());
    expect(directory.find(hash)).toMatchObject({ key });
  });

  it('counts from the last contact of the process before it', () => {
    const { directory, store, clock, contact } = setUp();
    for (const entry of [keyEntry, ...above]) store.apply(entry);
    contact.restore(clock.nowMs() - offlineMs);
    expect(directory.find(hash)).toMatchObject({ key });
    clock.advanceMs(1);
    expect(directory.find(hash)).toBe('outdated');
    // An answer that was on its way for long does not count for more than it is.
    contact.note(clock.nowMs() - offlineMs - 5_000);
    expect(directory.find(hash)).toBe('outdated');
  });
});
