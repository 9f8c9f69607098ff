import { newId } from '@signalbox/common';
import type { SecretAddress, SecretStore, SecretStoreFailure } from '@signalbox/secrets';

export interface StoreUnderTest {
  readonly store: SecretStore;
  close(): Promise<void>;
}

/** Organizations that exist, for stores that look: two different ones. */
export interface ContractTenants {
  readonly one: string;
  readonly other: string;
}

const madeUp: ContractTenants = { one: newId('organization'), other: newId('organization') };
const secret = 'sk-contract-0123456789';

async function reasonOf(work: Promise<unknown>): Promise<SecretStoreFailure | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    expect((error as Error).name).toBe('SecretStoreError');
    expect((error as Error).message).not.toContain(secret);
    return (error as { reason: SecretStoreFailure }).reason;
  }
}

/** What every SecretStore owes its callers. One store serves all tests; each test has names of its own. */
export function describeSecretStore(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  tenants: ContractTenants = madeUp,
): void {
  let made = 0;
  const address = (organizationId: string | null = tenants.one): SecretAddress => {
    made += 1;
    return { organizationId, area: 'credentials', name: `OPENAI__CONTRACT${made}` };
  };

  describe(`the contract of secret stores: ${name}`, () => {
    let underTest: StoreUnderTest;
    let store: SecretStore;

    beforeAll(async () => {
      underTest = await makeStore();
      store = underTest.store;
    });

    afterAll(() => underTest?.close());

    test('can be used', async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });

    test.each([
      ['an organization', tenants.one],
      ['the platform', null],
    ])('what was written for %s is read, just as fresh', async (_whose, organizationId) => {
      const place = address(organizationId);
      await store.write(place, secret);
      const read = await store.read(place);
      expect(read.value).toBe(secret);
      expect(read.version).toMatch(/./);
      expect(read.ageMs).toBeLessThan(60_000);
    });

    test('any characters that a key may have come back unchanged', async () => {
      const place = address();
      const value = `{"type":"service_account","key":"-----BEGIN\\n\n$1 {x} %24%7B äöü 🔑 '";--"}`;
      await store.write(place, value);
      expect((await store.read(place)).value).toBe(value);
    });

    test('the same value written again changes nothing', async () => {
      const place = address();
      await store.write(place, secret);
      const before = await store.read(place);
      await store.write(place, secret);
      expect(await store.read(place)).toMatchObject({ value: secret, version: before.version });
    });

    test('another value replaces the first, under another version', async () => {
      const place = address();
      await store.write(place, secret);
      const before = await store.read(place);
      await store.write(place, `${secret}-2`);
      const after = await store.read(place);
      expect(after.value).toBe(`${secret}-2`);
      expect(after.version).not.toBe(before.version);
    });

    test('a deleted secret is not found; deleting it again is no error', async () => {
      const place = address();
      await store.write(place, secret);
      await store.read(place);
      await store.delete(place);
      expect(await reasonOf(store.read(place))).toBe('not_found');
      await expect(store.delete(place)).resolves.toBeUndefined();
    });

    test('a name can be written again after it was deleted', async () => {
      const place = address();
      await store.write(place, secret);
      const before = await store.read(place);
      await store.delete(place);
      await store.write(place, `${secret}-again`);
      const after = await store.read(place);
      expect(after.value).toBe(`${secret}-again`);
      expect(after.version).not.toBe(before.version);
    });

    test('a secret that was never there is not found, also right before it is written', async () => {
      const place = address();
      expect(await reasonOf(store.read(place))).toBe('not_found');
      await store.write(place, secret);
      expect((await store.read(place)).value).toBe(secret);
    });

    test('the same name of two owners is two secrets', async () => {
      const mine = address(tenants.one);
      const theirs = { ...mine, organizationId: tenants.other };
      const platforms = { ...mine, organizationId: null };
      await store.write(mine, `${secret}-mine`);
      expect(await reasonOf(store.read(theirs))).toBe('not_found');
      expect(await reasonOf(store.read(platforms))).toBe('not_found');
      await store.write(theirs, `${secret}-theirs`);
      await store.write(platforms, `${secret}-platform`);
      expect((await store.read(mine)).value).toBe(`${secret}-mine`);
      expect((await store.read(theirs)).value).toBe(`${secret}-theirs`);
      await store.delete(theirs);
      expect((await store.read(mine)).value).toBe(`${secret}-mine`);
      expect((await store.read(platforms)).value).toBe(`${secret}-platform`);
    });

    test('a listing names the secrets of one owner, with the versions that reading gives', async () => {
      const mine = address(tenants.one);
      const theirs = address(tenants.other);
      await store.write(mine, secret);
      await store.write(theirs, secret);
      const listing = await store.list(tenants.one, 'credentials');
      expect(listing.isComplete).toBe(true);
      expect(listing.secrets).toContainEqual({ name: mine.name, version: (await store.read(mine)).version });
      expect(listing.secrets.map((entry) => entry.name)).not.toContain(theirs.name);
      await store.delete(mine);
      const later = await store.list(tenants.one, 'credentials');
      expect(later.secrets.map((entry) => entry.name)).not.toContain(mine.name);
    });

    test('an owner who never had a secret has an empty listing', async () => {
      expect((await store.list(newId('organization'), 'credentials')).secrets).toEqual([]);
    });

    test.each([
      ['a reference to other secrets', `abc\${OPENAI_API_KEY}def`],
      ['nothing', ''],
      ['white space at the end', `${secret}\n`],
      ['white space at the start', ` ${secret}`],
      ['64 KiB and more', 'x'.repeat(64 * 1_024 + 1)],
    ])('refuses to keep %s, and keeps what was there', async (_what, value) => {
      const place = address();
      await store.write(place, secret);
      expect(await reasonOf(store.write(place, value))).toBe('invalid_value');
      expect((await store.read(place)).value).toBe(secret);
    });

    test('never writes or deletes what people keep by hand', async () => {
      const place: SecretAddress = { organizationId: tenants.one, area: 'manual', name: 'OPENAI' };
      expect(await reasonOf(store.write(place, secret))).toBe('denied');
      expect(await reasonOf(store.delete(place))).toBe('denied');
      expect(await reasonOf(store.read(place))).toBe('not_found');
    });

    test.each(['../credentials/X', 'a', '', 'X/Y', 'X:Y', 'X'.repeat(65)])(
      'takes %j for no name of a secret',
      async (wrong) => {
        const place = { ...address(), name: wrong };
        expect(await reasonOf(store.read(place))).toBe('not_found');
        expect(await reasonOf(store.write(place, secret))).toBe('not_found');
      },
    );

    test('ten writers of ten names at once all succeed', async () => {
      const places = Array.from({ length: 10 }, () => address(tenants.other));
      await Promise.all(places.map((place) => store.write(place, `${secret}-${place.name}`)));
      const read = await Promise.all(places.map((place) => store.read(place)));
      expect(read.map((one) => one.value)).toEqual(places.map((place) => `${secret}-${place.name}`));
    });

    test('five writers of one name at once leave one of their values', async () => {
      const place = address(tenants.other);
      const values = Array.from({ length: 5 }, (_each, index) => `${secret}-${index}`);
      await Promise.all(values.map((value) => store.write(place, value)));
      expect(values).toContain((await store.read(place)).value);
    });
  });
}
