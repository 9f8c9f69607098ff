import { SecretStores } from '@signalbox/domain/secrets';
import { type SecretStore, SecretStoreError } from '@signalbox/secrets';
import {
  type CredentialsBench,
  credentialsPath as path,
  openCredentialsBench,
  type ShownCredential,
  type Tenant,
} from '../../../../test/support/credentials-bench';

let bench: CredentialsBench;
let acme: Tenant;
let keyCount = 0;
const nextKey = (): string => `sk-${String((keyCount += 1)).padStart(20, '0')}`;

beforeAll(async () => {
  bench = await openCredentialsBench();
  acme = await bench.tenant('acme');
});

let spies: jest.SpyInstance[] = [];
function mendStore(): void {
  for (const spy of spies) spy.mockRestore();
  spies = [];
}

afterEach(mendStore);
afterAll(() => bench.api.close());

const call = <Body = ShownCredential>(method: string, at: string, body?: object) =>
  bench.api.call<Body>(method, at, { token: acme.token, ...(body ? { body } : {}) });

/** What a save could leave behind. */
const traces = () =>
  bench.rows<{ id: string }>(
    `SELECT id FROM credentials UNION ALL SELECT id FROM credential_versions
     UNION ALL SELECT name FROM sealed_secrets UNION ALL SELECT id FROM audit_events ORDER BY id`,
  );

/** The store as it is, but for some methods. */
function withStore(changes: Partial<SecretStore>): void {
  const real = bench.api.get(SecretStores).of('sealed');
  const broken: SecretStore = {
    kind: 'sealed',
    read: (address) => real.read(address),
    write: (address, value) => real.write(address, value),
    delete: (address) => real.delete(address),
    list: (organizationId, area) => real.list(organizationId, area),
    check: () => real.check(),
    ...changes,
  };
  spies.push(
    jest.spyOn(SecretStores.prototype, 'active', 'get').mockReturnValue(broken),
    jest.spyOn(SecretStores.prototype, 'of').mockReturnValue(broken),
  );
}

const failing = (reason: 'unavailable' | 'denied', retryAfterMs: number | null = null) => ({
  write: () => Promise.reject(new SecretStoreError(reason, 'The secret store is away.', retryAfterMs)),
});

describe('when the secret store', () => {
  it('is away, nothing is saved, and the caller is told when to try again', async () => {
    const before = await traces();
    withStore(failing('unavailable', 12_000));
    const answer = await bench.save(acme.token, { provider: 'groq', api_key: nextKey() });
    expect(answer).toMatchObject({ status: 503, body: { code: 'secret_store_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('12');
    expect((await traces()).filter(({ id }) => id.startsWith('cred') || id.startsWith('cver'))).toEqual(
      before.filter(({ id }) => id.startsWith('cred') || id.startsWith('cver')),
    );
    mendStore();
    expect((await bench.save(acme.token, { provider: 'groq', api_key: nextKey() })).status).toBe(201);
  });

  it('refuses our identity, that is said, and nothing is saved', async () => {
    withStore(failing('denied'));
    const answer = await bench.save(acme.token, { provider: 'mistral', api_key: nextKey() });
    expect(answer).toMatchObject({ status: 503, body: { code: 'secret_store_refused' } });
    expect((await call<{ data: unknown[] }>('GET', `${path}?provider=mistral`)).body.data).toEqual([]);
  });

  it('is away, a request with an Idempotency-Key succeeds later under the same key', async () => {
    const request = {
      token: acme.token,
      body: { provider: 'groq', api_key: nextKey(), user_id: 'retry' },
      headers: { 'idempotency-key': 'save-with-a-store-that-is-away' },
    };
    withStore(failing('unavailable'));
    expect((await bench.api.call('POST', path, request)).status).toBe(503);
    mendStore();
    const saved = await bench.api.call<ShownCredential>('POST', path, request);
    expect(saved.status).toBe(201);
    expect((await bench.api.call('POST', path, request)).body).toEqual(saved.body);
  });

  it('is away, a key is deleted all the same, and its secret is left for the sweep', async () => {
    const saved = await bench.save(acme.token, { provider: 'groq', api_key: nextKey(), user_id: 'sweep' });
    withStore({ delete: () => Promise.reject(new SecretStoreError('unavailable', 'away')) });
    expect((await call('DELETE', `${path}/${saved.body.id}`)).status).toBe(204);
    expect(await versionsOf(saved.body.id)).toEqual([
      { number: 1, status: 'retired', is_retired: true, is_erased: false },
    ]);
  });

  it('is slow, other requests on the same owner do not wait for it', async () => {
    const arrived = deferred();
    const goOn = deferred();
    const real = bench.api.get(SecretStores).of('sealed');
    withStore({
      write: async (address, value) => {
        arrived.resolve();
        await goOn.promise;
        return real.write(address, value);
      },
    });
    const slow = bench.save(acme.token, {
      provider: 'groq',
      api_key: nextKey(),
      workspace_id: acme.workspaceId,
    });
    await arrived.promise;
    const other = await call('PATCH', `/api/v1/workspaces/${acme.workspaceId}`, { name: 'meanwhile' });
    expect(other.status).toBe(200);
    goOn.resolve();
    expect((await slow).status).toBe(201);
  });

  it('was slow, and the workspace is gone meanwhile, no secret stays behind', async () => {
    const workspace = await call<{ id: string }>('POST', '/api/v1/workspaces', {
      organization_id: acme.organizationId,
      name: 'short-lived',
    });
    const before = await bench.rows('SELECT name FROM sealed_secrets ORDER BY name');
    const real = bench.api.get(SecretStores).of('sealed');
    withStore({
      write: async (address, value) => {
        await real.write(address, value);
        await call('DELETE', `/api/v1/workspaces/${workspace.body.id}`);
      },
    });
    const body = { provider: 'groq', api_key: nextKey(), workspace_id: workspace.body.id };
    expect(await bench.save(acme.token, body)).toMatchObject({
      status: 404,
      body: { code: 'workspace_not_found' },
    });
    expect(await bench.rows('SELECT name FROM sealed_secrets ORDER BY name')).toEqual(before);
  });
});

describe('at the same moment', () => {
  it('one of several saves for the same place wins, and the others leave no secret', async () => {
    const before = await bench.rows<{ name: string }>('SELECT name FROM sealed_secrets');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        bench.save(acme.token, { provider: 'together', api_key: nextKey(), user_id: 'racer' }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 201)?.body;
    for (const { status, body } of answers) {
      if (status !== 409) continue;
      expect(body.code).toBe('credential_exists');
      expect(body.detail).toContain(winner?.id);
    }
    expect(await bench.rows('SELECT name FROM sealed_secrets')).toHaveLength(before.length + 1);
  });

  it('a save and the deletion of its workspace leave nothing that is usable', async () => {
    for (let round = 0; round < 5; round += 1) {
      const workspace = await call<{ id: string }>('POST', '/api/v1/workspaces', {
        organization_id: acme.organizationId,
        name: `race ${round}`,
      });
      const [saved, deleted] = await Promise.all([
        bench.save(acme.token, { provider: 'groq', api_key: nextKey(), workspace_id: workspace.body.id }),
        call('DELETE', `/api/v1/workspaces/${workspace.body.id}`),
      ]);
      expect([201, 404]).toContain(saved.status);
      expect(deleted.status).toBe(204);
      const left = await bench.rows(
        'SELECT FROM credentials WHERE workspace_id = $1 AND deleted_at IS NULL',
        [workspace.body.id],
      );
      expect(left).toEqual([]);
    }
  });
});

async function versionsOf(credentialId: string) {
  return bench.rows(
    `SELECT number, status, retired_at IS NOT NULL AS is_retired, erased_at IS NOT NULL AS is_erased
     FROM credential_versions WHERE credential_id = $1 ORDER BY number`,
    [credentialId],
  );
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
