import { ManualClock } from '@signalbox/common';
import { systemCaller } from '@signalbox/domain/access';
import { CredentialReplacementService } from '@signalbox/domain/credentials';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError } from '@signalbox/secrets';
import {
  type CredentialsBench,
  credentialsPath as path,
  openCredentialsBench,
  type Tenant,
} from '../../../../test/support/credentials-bench';

const api_key = 'sk-proj-0123456789-revealed';
const clock = new ManualClock(Date.now());
let bench: CredentialsBench;
let acme: Tenant;
let id: string;

beforeAll(async () => {
  bench = await openCredentialsBench({ clock });
  acme = await bench.tenant('acme');
  const body = { provider: 'openrouter', api_key, base_url: 'https://eu.example.com/v1' };
  id = (await bench.save(acme.token, body)).body.id;
});

afterAll(() => bench.api.close());

const revealer = (organizationId = acme.organizationId) =>
  bench.api.createToken({ organizationId, scopes: ['credentials:reveal'] });

const reveal = (token: string, body: object = {}, headers: Record<string, string> = {}) =>
  bench.api.call<{ api_key: string; code: string }>('POST', `${path}/${id}/reveal`, { token, body, headers });

it('gives the key to a token that names the scope, and to no other', async () => {
  expect(await reveal(await revealer())).toMatchObject({
    status: 200,
    body: {
      id,
      api_key,
      base_url: 'https://eu.example.com/v1',
      state: 'pending',
      provider: { kind: 'openrouter' },
    },
  });
  const everything = await bench.api.createToken({ organizationId: acme.organizationId });
  expect(await reveal(everything)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  const globex = await bench.tenant('globex');
  const foreign = await reveal(await revealer(globex.organizationId));
  expect(foreign).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
});

it('is on record with its reason, and the record does not hold the key', async () => {
  await reveal(await revealer(), { reason: 'nightly export' });
  const events = (await bench.auditOf(id)).filter(({ action }) => action === 'byok_key_accessed');
  expect(events.at(-1)?.changes).toMatchObject({ by: 'reveal', reason: 'nightly export' });
  expect(JSON.stringify(events)).not.toContain(api_key);
});

it('is done 30 times a minute per token, however many ask at once', async () => {
  const token = await revealer();
  const many = await Promise.all(Array.from({ length: 40 }, () => reveal(token)));
  expect(many.filter(({ status }) => status === 200)).toHaveLength(30);
  const refused = many.find(({ status }) => status === 429);
  expect(refused?.body.code).toBe('reveal_rate_limited');
  expect(Number(refused?.headers.get('retry-after'))).toBe(60);
  expect((await reveal(await revealer())).status).toBe(200);
  clock.advanceMs(59_000);
  expect((await reveal(token)).headers.get('retry-after')).toBe('1');
  clock.advanceMs(1_001);
  expect((await reveal(token)).status).toBe(200);
});

it('is never answered from memory: no copy of the key is kept for an Idempotency-Key', async () => {
  const token = await revealer();
  const headers = { 'idempotency-key': 'reveal-once' };
  for (let round = 0; round < 2; round += 1) {
    const answer = await reveal(token, {}, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
  }
  expect(await bench.rows(`SELECT FROM idempotency_records WHERE idempotency_key = 'reveal-once'`)).toEqual(
    [],
  );
});

it.each([
  ['unavailable', 503, 'secret_store_unavailable'],
  ['denied', 503, 'secret_store_refused'],
  ['not_found', 409, 'credential_not_readable'],
  ['unreadable', 409, 'credential_not_readable'],
] as const)(
  'says so when the store answers %s, and is on record all the same',
  async (reason, status, code) => {
    const store = bench.api.get(SecretStores).of('sealed');
    const read = jest.spyOn(store, 'read').mockRejectedValue(new SecretStoreError(reason, 'Not now.'));
    const before = (await bench.auditOf(id)).length;
    expect(await reveal(await revealer())).toMatchObject({ status, body: { code } });
    expect(await bench.auditOf(id)).toHaveLength(before + 1);
    read.mockRestore();
  },
);

it('gives the new value when the old one was replaced under it', async () => {
  const stores = bench.api.get(SecretStores);
  const real = stores.of('sealed');
  const replaced = 'sk-proj-9876543210-replaced';
  const read = jest.spyOn(real, 'read').mockImplementationOnce(async (address) => {
    const caller = { ...systemCaller('test'), organizationId: acme.organizationId };
    await bench.api.get(CredentialReplacementService).replaceSecret(caller, id, replaced);
    return real.read(address);
  });
  expect(await reveal(await revealer())).toMatchObject({ status: 200, body: { api_key: replaced } });
  read.mockRestore();
});

it('is refused for a disabled key, and for a deleted one', async () => {
  const token = await revealer();
  await bench.api.call('POST', `${path}/${id}/disable`, { token: acme.token });
  expect(await reveal(token)).toMatchObject({ status: 409, body: { code: 'credential_not_readable' } });
  await bench.api.call('DELETE', `${path}/${id}`, { token: acme.token });
  expect(await reveal(token)).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
});
