import { newId } from '@signalbox/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  PlatformReader,
  ProviderEntity,
} from '@signalbox/database';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError } from '@signalbox/secrets';
import { BrokerBench, home } from '../../../../test/support/broker-bench';
import { waitUntil } from '../../../../test/support/wait-until';

let bench: BrokerBench;

beforeAll(async () => {
  bench = await BrokerBench.open();
});
afterAll(() => bench.close());

describe('the broker', () => {
  it('hands out the key of a workspace to a virtual key of that workspace', async () => {
    const { id, fingerprint } = await bench.addCredential({ baseUrl: 'https://llm.example.com/v1' });
    const { status, headers, body } = await bench.lease(id);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      credential_id: id,
      owner_key: home.workspace,
      fingerprint,
      secret: 'sk-of-the-test-0123456789',
      base_url: 'https://llm.example.com/v1',
      base_url_is_trusted: false,
      fresh_for_ms: 30_000,
      usable_for_ms: expect.any(Number),
    });
    expect(body.usable_for_ms).toBeGreaterThan(bench.api.config.secretStore.maxStaleMs - 10_000);
    expect(body.usable_for_ms).toBeLessThanOrEqual(bench.api.config.secretStore.maxStaleMs);
  });

  it("gives an own address as LiteLLM wants it, which does not see how it ends behind the edge's relay", async () => {
    const mistral = newId('provider');
    await bench.api.database.transactions.run('platform', (manager) =>
      manager.insert(ProviderEntity, { id: mistral, name: 'mistral', kind: 'mistral' }),
    );
    const { id } = await bench.addCredential({ providerId: mistral, baseUrl: 'https://llm.example.com/v1' });
    expect((await bench.lease(id)).body.base_url).toBe('https://llm.example.com');
  });

  it('names the variable of an environment credential, and has no value of it', async () => {
    const { id } = await bench.addCredential(
      {
        ownerType: 'platform',
        organizationId: null,
        workspaceId: null,
        source: 'env',
        reference: 'env:OPENAI_API_KEY',
        baseUrl: 'http://127.0.0.1:1/v1',
      },
      null,
    );
    expect((await bench.lease(id)).body).toMatchObject({
      owner_key: 'platform',
      secret: null,
      environment_variable: 'OPENAI_API_KEY',
      base_url_is_trusted: true,
    });
    await bench.change(CredentialEntity, id, { enabled: false, state: 'disabled', reference: null });
  });

  it('lets no lease outlive the credential', async () => {
    const { id } = await bench.addCredential({ expiresAt: new Date(Date.now() + 10_000) });
    const { body } = await bench.lease(id);
    expect(body.fresh_for_ms).toBeLessThanOrEqual(10_000);
    expect(body.usable_for_ms).toBeLessThanOrEqual(10_000);
  });

  it('gives the new value from the moment of the switch', async () => {
    const credential = await bench.addCredential({}, 'sk-old-0123456789');
    expect((await bench.lease(credential.id)).body.secret).toBe('sk-old-0123456789');
    const next = await bench.api
      .get(CredentialVersions)
      .prepare(
        { id: credential.id, organizationId: home.organization, kind: 'openai' },
        2,
        'sk-new-0123456789',
      );
    await bench.api.database.transactions.run('platform', (manager) =>
      manager.insert(CredentialVersionEntity, { ...next, status: 'current' } as object),
    );
    expect((await bench.lease(credential.id)).body.secret).toBe('sk-old-0123456789');
    await bench.change(CredentialEntity, credential.id, {
      currentVersionId: next.id,
      fingerprint: next.fingerprint,
    });
    expect((await bench.lease(credential.id)).body).toMatchObject({
      secret: 'sk-new-0123456789',
      fingerprint: next.fingerprint,
    });
    await bench.change(CredentialVersionEntity, next.id, { erasedAt: new Date() });
    expect((await bench.lease(credential.id)).status).toBe(403);
  });

  it.each<[string, object]>([
    ['disabled', { enabled: false, state: 'disabled' }],
    ['deleted', { deletedAt: new Date() }],
    ['invalid', { state: 'invalid' }],
    ['unreadable', { state: 'unreadable' }],
    ['expired', { expiresAt: new Date(Date.now() - 1) }],
    ['an admin key', { purpose: 'admin' }],
  ])('a credential that is %s is refused although it may be used', async (_what, columns) => {
    const { id } = await bench.addCredential();
    expect((await bench.lease(id)).status).toBe(200);
    await bench.change(CredentialEntity, id, columns);
    const { status, body } = await bench.lease(id);
    expect([status, body.code, 'secret' in body]).toEqual([403, 'credential_unusable', false]);
  });

  it('has another word for a store that is away than for a secret that is gone', async () => {
    const read = jest.spyOn(bench.api.get(SecretStores).of('sealed'), 'read');
    const answers = [];
    for (const reason of ['unavailable', 'denied', 'not_found', 'unreadable'] as const) {
      const { id } = await bench.addCredential();
      read.mockRejectedValueOnce(new SecretStoreError(reason, 'canary-of-the-store', 12_000));
      const { status, headers, body } = await bench.lease(id);
      expect(JSON.stringify(body)).not.toContain('canary');
      answers.push([status, body.code, headers.get('retry-after')]);
    }
    read.mockRestore();
    const away = [503, 'secret_store_unavailable', '12'];
    const gone = [403, 'credential_unusable', null];
    expect(answers).toEqual([away, away, gone, gone]);
  });

  it('says 503 while PostgreSQL is away', async () => {
    const { id } = await bench.addCredential();
    const down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const query = jest.spyOn(bench.api.get(PlatformReader)['pool'], 'query');
    query.mockImplementationOnce(() => {
      throw down;
    });
    const { status, body } = await bench.lease(id);
    query.mockRestore();
    expect([status, body.code]).toEqual([503, 'database_unavailable']);
    expect((await bench.lease(id)).status).toBe(200);
  });

  it('records once an hour that a credential was handed out, without its value', async () => {
    const { id } = await bench.addCredential();
    await Promise.all(Array.from({ length: 10 }, () => bench.lease(id)));
    const events = () => bench.usesOf(id);
    await waitUntil(async () => (await events()).length > 0, { deadlineMs: 5_000, what: 'the event' });
    await bench.lease(id);
    const found = await events();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ organizationId: home.organization, actorId: 'credential-broker' });
    expect(JSON.stringify(found)).not.toContain('sk-of-the-test');
  });

  it('logs no secret and no key hash', () => {
    const log = bench.logLines.join('\n');
    expect(log).not.toContain('sk-of-the-test');
    expect(log).not.toContain(bench.keyHash);
  });
});
