import type { CredentialsDocument, KeyDocument, ProjectionField } from '@signalbox/gateway';
import { CredentialDirectory } from './credential-directory';
import type { ProjectionReader } from './projection-reader';
import { type ProjectionEntry, ProjectionStore } from './projection-store';

const key = { organization_id: 'org_1', workspace_id: 'ws_1', user_id: 'anna' } as KeyDocument;

function documentOf(ownerKey: string, v = 1): CredentialsDocument {
  const state = 'verified';
  return {
    v,
    owner_key: ownerKey,
    credentials: [{ id: 'cred_1', provider_id: 'prov_1', state, expires_at: null }],
  };
}

function entry(
  ownerKey: string,
  document: CredentialsDocument | null = documentOf(ownerKey),
): ProjectionEntry {
  return { field: { kind: 'credentials', id: ownerKey }, document };
}

function open(
  isLoaded: boolean,
  inRedis: () => Promise<{ isComplete: boolean; entries: ProjectionEntry[] }>,
) {
  const store = new ProjectionStore();
  const asked: string[][] = [];
  const readFields = (fields: readonly ProjectionField[]) => {
    asked.push(fields.map(({ id }) => id));
    return inRedis();
  };
  const reader = { readFields } as unknown as ProjectionReader;
  return { store, asked, directory: new CredentialDirectory(store, reader, () => isLoaded) };
}

const empty = () => Promise.resolve({ isComplete: true, entries: [] });

describe('the provider keys of a call', () => {
  it('come from memory once all was read, and what is not there does not exist', async () => {
    const { store, asked, directory } = open(true, empty);
    store.apply(entry('ws_1'));
    const find = await directory.find(key);
    expect(find?.documentOf('ws_1')).toEqual(documentOf('ws_1'));
    expect(find?.documentOf('org_1')).toBeNull();
    expect(asked).toEqual([]);
  });

  it('come from Redis before, of exactly the owners of this call', async () => {
    const entries = [entry('org_1/anna')];
    const { asked, directory } = open(false, () => Promise.resolve({ isComplete: true, entries }));
    const find = await directory.find(key);
    expect(find?.documentOf('org_1/anna')).toEqual(documentOf('org_1/anna'));
    expect(asked).toEqual([['current', 'current', 'org_1/anna', 'ws_1', 'org_1', 'platform']]);
  });

  it('are unknown while the projection is not complete, or Redis does not answer', async () => {
    expect(
      await open(false, () => Promise.resolve({ isComplete: false, entries: [] })).directory.find(key),
    ).toBeNull();
    expect(await open(false, () => Promise.reject(new Error('away'))).directory.find(key)).toBeNull();
  });

  it('are unknown when the document of one owner is unreadable: it is not the same as none', async () => {
    const { store, directory } = open(true, empty);
    store.apply(entry('ws_1'));
    store.apply(entry('ws_1', null));
    expect(await directory.find(key)).toBeNull();
    store.apply(entry('ws_1', documentOf('ws_1', 2)));
    expect((await directory.find(key))?.documentOf('ws_1')?.v).toBe(2);
    store.apply(entry('ws_2', null));
    expect(await directory.find(key)).not.toBeNull();
    const unreadable = [entry('org_1', null)];
    const fresh = open(false, () => Promise.resolve({ isComplete: true, entries: unreadable }));
    expect(await fresh.directory.find(key)).toBeNull();
  });

  it('are unknown when the catalogue is unreadable, and without a release there is none', async () => {
    const { store, directory } = open(true, empty);
    expect((await directory.find(key))?.catalogue).toBeNull();
    store.apply({ field: { kind: 'catalogue', id: 'current' }, document: null });
    expect(await directory.find(key)).toBeNull();
  });

  it('are those of the last complete reading', async () => {
    const { store, directory } = open(true, empty);
    store.apply(entry('ws_1', null));
    store.replaceAll([entry('org_1')], []);
    const find = await directory.find(key);
    expect([find?.documentOf('ws_1'), find?.documentOf('org_1')?.owner_key]).toEqual([null, 'org_1']);
  });
});
