import { newId } from '@signalbox/common';
import { RotationEntity } from '@signalbox/database';
import { CredentialBroker } from '@signalbox/domain/credential-broker';
import { CredentialRevealService } from '@signalbox/domain/credentials';
import { SecretStores } from '@signalbox/domain/secrets';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import {
  type CredentialsBench,
  credentialsPath,
  openCredentialsBench,
  type ShownCredential,
  type Tenant,
} from '../../../../test/support/credentials-bench';

let bench: CredentialsBench;
let acme: Tenant;
let keyCount = 0;
const nextKey = (): string => `gsk_${String((keyCount += 1)).padStart(20, '0')}`;

beforeAll(async () => {
  bench = await openCredentialsBench();
  acme = await bench.tenant('acme');
});

afterAll(() => bench.api.close());

const pathOf = (user: string): string => `/api/v1/llm/users/${encodeURIComponent(user)}/byok`;
const call = <Body = ShownCredential>(method: string, at: string, token: string, body?: object) =>
  bench.api.call<Body>(method, at, { token, ...(body ? { body } : {}) });
const save = (user: string, body: object = {}, token = acme.token) =>
  call('POST', pathOf(user), token, { provider: 'groq', api_key: nextKey(), ...body });
const list = async (user: string, token = acme.token, query = '') =>
  (await call<{ data: ShownCredential[] }>('GET', pathOf(user) + query, token)).body.data;

const secretOf = async (id: string): Promise<string> => {
  const caller = { actorType: 'system', actorId: newId('request'), organizationId: null } as const;
  const revealed = await bench.api
    .get(CredentialRevealService)
    .reveal({ ...caller, scopes: ['credentials:reveal'], requestId: null }, id, null);
  return revealed.secret;
};

it('saves a key of a member, whatever the name', async () => {
  for (const user of ['ada', 'ada@example.com', 'a+b:c.d_e-f']) {
    const saved = await save(user);
    expect(saved).toMatchObject({
      status: 201,
      body: {
        owner_type: 'member',
        user_id: user,
        organization_id: acme.organizationId,
        key_name: expect.stringMatching(/^gsk_\.\.\./) as string,
      },
    });
    expect((await list(user)).map(({ id }) => id)).toEqual([saved.body.id]);
  }
  expect(await save('no name')).toMatchObject({ status: 400, body: { errors: [{ field: 'user_id' }] } });
});

it('puts a new value over the old one, which is erased', async () => {
  const before = await bench.rows('SELECT FROM sealed_secrets');
  const first = await save('bea', {
    expires_at: '2020-01-01',
    name: 'first',
    base_url: 'https://one.example.com',
  });
  expect(first.body.state).toBe('expired');
  const api_key = nextKey();
  const second = await save('bea', { api_key });
  expect(second).toMatchObject({
    status: 201,
    // The end and the address were those of the old value; the name is the credential's.
    body: {
      id: first.body.id,
      name: 'first',
      version: 2,
      state: 'pending',
      expires_at: null,
      base_url: null,
    },
  });
  expect(second.body.fingerprint).not.toBe(first.body.fingerprint);
  expect(await secretOf(first.body.id)).toBe(api_key);
  expect(await bench.rows('SELECT FROM sealed_secrets')).toHaveLength(before.length + 1);
  expect(
    await bench.rows(
      'SELECT number, status, erased_at IS NULL AS kept FROM credential_versions WHERE credential_id = $1 ORDER BY number',
      [first.body.id],
    ),
  ).toEqual([
    { number: 1, status: 'retired', kept: false },
    { number: 2, status: 'current', kept: true },
  ]);
  expect((await bench.auditOf(first.body.id)).map(({ action }) => action)).toEqual([
    'byok_key_added',
    'byok_key_updated',
    // By this test, just now.
    'byok_key_accessed',
  ]);
});

it('is handed to calls at every moment of the replacement', async () => {
  const { id } = (await save('hal')).body;
  const key = await bench.api.call<{ key: string }>('POST', '/api/v1/keys', {
    token: acme.token,
    body: { workspace_id: acme.workspaceId, user_id: 'hal' },
  });
  const lease = () =>
    bench.api.get(CredentialBroker).lease({ credentialId: id, keyHash: hashVirtualKeyValue(key.body.key) });
  const api_key = nextKey();
  // The value is replaced after the broker saw the row, and before it asks the store.
  const store = bench.api.get(SecretStores).of('sealed');
  const read = jest.spyOn(store, 'read').mockImplementationOnce(async (address) => {
    await save('hal', { api_key });
    return store.read(address);
  });
  expect(await lease()).toMatchObject({ lease: { credentialId: id, secret: api_key } });
  read.mockRestore();
});

it('forgets what was known of the old value', async () => {
  const { id } = (await save('cleo')).body;
  await bench.rows(
    `UPDATE credentials SET state = 'verified', verified_at = now(), checked_at = now(), check_failures = 3 WHERE id = $1`,
    [id],
  );
  expect((await save('cleo')).body).toMatchObject({ state: 'pending', verified_at: null, checked_at: null });
});

it('several at once: one credential, and the secret that it names is one of those', async () => {
  const keys = Array.from({ length: 3 }, nextKey);
  const answers = await Promise.all(keys.map((api_key) => save('dan', { api_key })));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  const [credential, ...others] = await list('dan');
  expect(others).toEqual([]);
  expect(keys).toContain(await secretOf(credential!.id));
  const current = await bench.rows(
    `SELECT FROM credential_versions WHERE credential_id = $1 AND status = 'current'`,
    [credential!.id],
  );
  expect(current).toHaveLength(1);
});

it('waits for the end of a rotation', async () => {
  const { id } = (await save('eve')).body;
  await bench.api.database.transactions.run('platform', (manager) =>
    manager.insert(RotationEntity, {
      id: newId('rotation'),
      organizationId: acme.organizationId,
      subjectType: 'credential',
      subjectId: id,
      method: 'given',
      trigger: 'request',
      status: 'running',
      step: 'validate',
      graceSeconds: 60,
      createdBy: 'test',
    }),
  );
  const before = await bench.rows('SELECT FROM sealed_secrets');
  expect(await save('eve')).toMatchObject({ status: 409, body: { code: 'rotation_in_progress' } });
  expect(await bench.rows('SELECT FROM sealed_secrets')).toHaveLength(before.length);
});

it('deletes all keys of a member for a provider', async () => {
  await save('finn');
  await call('POST', `${credentialsPath}/${(await list('finn'))[0]!.id}/disable`, acme.token);
  await save('finn');
  const mistral = (await save('finn', { provider: 'mistral' })).body;
  expect(await list('finn')).toHaveLength(3);
  expect((await call('DELETE', `${pathOf('finn')}/groq`, acme.token)).status).toBe(204);
  expect((await list('finn')).map(({ id }) => id)).toEqual([mistral.id]);
  expect(await call('DELETE', `${pathOf('finn')}/groq`, acme.token)).toMatchObject({
    status: 404,
    body: { code: 'credential_not_found' },
  });
  expect((await call('DELETE', `${pathOf('finn')}/${mistral.provider.id}`, acme.token)).status).toBe(204);
});

it('knows the members of each organization apart', async () => {
  const globex = await bench.tenant('globex');
  const ours = (await save('gus')).body;
  const theirs = (await save('gus', {}, globex.token)).body;
  expect((await list('gus')).map(({ id }) => id)).toEqual([ours.id]);
  expect((await list('gus', globex.token)).map(({ id }) => id)).toEqual([theirs.id]);
  const query = `?organization_id=${globex.organizationId}`;
  expect(await call('GET', pathOf('gus') + query, acme.token)).toMatchObject({
    status: 404,
    body: { code: 'organization_not_found' },
  });
  expect((await call('DELETE', `${pathOf('gus')}/groq${query}`, acme.token)).status).toBe(404);
  expect((await list('gus', bench.platformToken, query)).map(({ id }) => id)).toEqual([theirs.id]);
  expect(await call('GET', pathOf('gus'), bench.platformToken)).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'organization_id' }] },
  });
});
