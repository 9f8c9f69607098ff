import { type OrganizationDocument, unlimited } from '@signalbox/gateway';
import { type ProjectionEntry, ProjectionStore } from './projection-store';

function entry(id: string, v: number | null): ProjectionEntry {
  const document: OrganizationDocument | null =
    v === null
      ? null
      : { v, id, blocked: false, deleted: false, platform_credentials: true, ...unlimited, routing: {} };
  return { field: { kind: 'organization', id }, document };
}

function versions(store: ProjectionStore, ids: string[]): (number | null)[] {
  return ids.map((id) => store.get('organization', id)?.v ?? null);
}

describe('the projection in memory', () => {
  it('ignores an older document and takes a newer one', () => {
    const store = new ProjectionStore();
    store.apply(entry('a', 2));
    store.apply(entry('a', 1));
    expect(versions(store, ['a'])).toEqual([2]);
    store.apply(entry('a', 3));
    expect(versions(store, ['a'])).toEqual([3]);
  });

  it('lets go of a document whose successor is unreadable', () => {
    const store = new ProjectionStore();
    store.apply(entry('a', 2));
    store.apply(entry('a', null));
    expect(versions(store, ['a'])).toEqual([null]);
  });

  it('becomes what a complete reading says, with what changed meanwhile', () => {
    const store = new ProjectionStore();
    for (const id of ['gone', 'older', 'changed']) store.apply(entry(id, 5));
    store.replaceAll(
      [entry('older', 3), entry('changed', 6), entry('new', 1)],
      [entry('changed', 7), entry('late', 1)],
    );
    expect(versions(store, ['gone', 'older', 'changed', 'new', 'late'])).toEqual([null, 3, 7, 1, 1]);
  });

  it('does not let a reading undo what changed during it', () => {
    const store = new ProjectionStore();
    store.replaceAll([entry('a', 8)], [entry('a', 7)]);
    expect(versions(store, ['a'])).toEqual([8]);
  });

  it('knows when a reading is behind', () => {
    const store = new ProjectionStore();
    store.apply(entry('a', 5));
    expect(store.isAheadOf([entry('a', 5), entry('b', 1)], [])).toBe(false);
    expect(store.isAheadOf([entry('a', 4)], [])).toBe(true);
    // The message overtook the reading: nothing is wrong.
    expect(store.isAheadOf([entry('a', 4)], [entry('a', 5)])).toBe(false);
  });
});
