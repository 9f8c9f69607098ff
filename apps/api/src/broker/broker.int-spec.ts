import { newId, type Logger, createLogger } from '@signalbox/common';
import {
  AuditEventEntity,
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  PlatformReader,
  ProviderEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { CredentialVersions, ownerKeyOf } from '@signalbox/domain/credentials';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError } from '@signalbox/secrets';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import fc from 'fast-check';
import { request } from 'node:http';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { waitUntil } from '../../../../test/support/wait-until';

jest.setTimeout(60_000);

interface Lease {
  credential_id: string;
  owner_key: string;
  fingerprint: string;
  secret: string | null;
  environment_variable?: string;
  base_url: string | null;
  base_url_is_trusted: boolean;
  fresh_for_ms: number;
  usable_for_ms: number;
}
interface Failure {
  code: string;
  message: string;
}

const day = 86_400_000;

describe('the broker', () => {
  let api: ApiApp;
  let lines: string[];
  let logger: Logger;
  const providerId = newId('provider');
  const home = {
    organization: newId('organization'),
    workspace: newId('workspace'),
    sibling: newId('workspace'),
  };
  const foreign = { organization: newId('organization'), workspace: newId('workspace') };
  let keyHash: string;

  beforeAll(async () => {
    lines = [];
    logger = createLogger('debug', {}, (line) => lines.push(line));
    api = await openApiApp({ logger });
    await api.database.transactions.run('platform', async (manager) => {
      await manager.insert(ProviderEntity, { id: providerId, name: 'openai', kind: 'openai' });
      for (const { organization, ...workspaces } of [home, foreign]) {
        await manager.insert(OrganizationEntity, { id: organization, name: organization });
        for (const id of Object.values(workspaces)) {
          await manager.insert(WorkspaceEntity, { id, organizationId: organization, name: id });
        }
      }
    });
    keyHash = (await addKey()).hash;
  });
  afterAll(() => api.close());

  async function addKey(
    change: Partial<VirtualKeyEntity> = {},
    secret: Partial<VirtualKeySecretEntity> = {},
  ): Promise<{ id: string; hash: string }> {
    const id = newId('virtualKey');
    const hash = hashVirtualKeyValue(`sk-sb-${id}`);
    const organizationId = change.organizationId ?? home.organization;
    await api.database.transactions.run('platform', async (manager) => {
      await manager.insert(VirtualKeyEntity, {
        id,
        organizationId,
        workspaceId: home.workspace,
        userId: 'ada',
        createdBy: 'test',
        ...change,
      } as object);
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: id,
        keyHash: hash,
        keyName: 'sk-...0000',
        ...secret,
      } as object);
    });
    return { id, hash };
  }

  /** One enabled credential of the owner, whatever was there before. */
  async function addCredential(
    change: Partial<CredentialEntity> = {},
    secret: string | null = 'sk-of-the-test-0123456789',
  ): Promise<CredentialEntity> {
    const owner = {
      ownerType: change.ownerType ?? 'workspace',
      organizationId: change.organizationId === undefined ? home.organization : change.organizationId,
      workspaceId: change.workspaceId === undefined ? home.workspace : change.workspaceId,
      userId: change.userId ?? null,
    };
    const id = newId('credential');
    const version =
      secret === null
        ? null
        : await api
            .get(CredentialVersions)
            .prepare({ id, organizationId: owner.organizationId, kind: 'openai' }, 1, secret);
    const credential = Object.assign(new CredentialEntity(), {
      id,
      providerId,
      ownerKey: ownerKeyOf(owner),
      purpose: 'inference',
      state: 'verified',
      fingerprint: version?.fingerprint ?? 'ab',
      last4: '6789',
      reference: null,
      currentVersionId: version?.id ?? null,
      createdBy: 'test',
      ...owner,
      ...change,
    });
    await api.database.transactions.run('platform', async (manager) => {
      await manager.update(
        CredentialEntity,
        { ownerKey: credential.ownerKey },
        { enabled: false, state: 'disabled' },
      );
      await manager.insert(CredentialEntity, credential as object);
      if (version) await manager.insert(CredentialVersionEntity, { ...version, status: 'current' } as object);
    });
    return credential;
  }

  async function change(entity: new () => object, id: string, columns: object): Promise<void> {
    await api.database.transactions.run('platform', (manager) => manager.update(entity, { id }, columns));
  }

  function ask(body: unknown, token: string | null = api.config.brokerToken) {
    return api.call<Lease & Failure>('POST', `${api.brokerUrl}/v1/leases`, {
      body,
      ...(token === null ? {} : { token }),
    });
  }

  const lease = (credentialId: string, hash = keyHash) =>
    ask({ credential_id: credentialId, key_hash: hash });

  it('hands out the key of a workspace to a virtual key of that workspace', async () => {
    const { id, fingerprint } = await addCredential({ baseUrl: 'https://llm.example.com/v1' });
    const { status, headers, body } = await lease(id);
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
    expect(body.usable_for_ms).toBeGreaterThan(api.config.secretStore.maxStaleMs - 10_000);
    expect(body.usable_for_ms).toBeLessThanOrEqual(api.config.secretStore.maxStaleMs);
  });

  it("gives an own address as LiteLLM wants it, which does not see how it ends behind the edge's relay", async () => {
    const mistral = newId('provider');
    await api.database.transactions.run('platform', (manager) =>
      manager.insert(ProviderEntity, { id: mistral, name: 'mistral', kind: 'mistral' }),
    );
    const { id } = await addCredential({ providerId: mistral, baseUrl: 'https://llm.example.com/v1' });
    expect((await lease(id)).body.base_url).toBe('https://llm.example.com');
  });

  it('names the variable of an environment credential, and has no value of it', async () => {
    const { id } = await addCredential(
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
    expect((await lease(id)).body).toMatchObject({
      owner_key: 'platform',
      secret: null,
      environment_variable: 'OPENAI_API_KEY',
      base_url_is_trusted: true,
    });
    await change(CredentialEntity, id, { enabled: false, state: 'disabled', reference: null });
  });

  it('lets no lease outlive the credential', async () => {
    const { id } = await addCredential({ expiresAt: new Date(Date.now() + 10_000) });
    const { body } = await lease(id);
    expect(body.fresh_for_ms).toBeLessThanOrEqual(10_000);
    expect(body.usable_for_ms).toBeLessThanOrEqual(10_000);
  });

  it('gives the new value from the moment of the switch', async () => {
    const credential = await addCredential({}, 'sk-old-0123456789');
    expect((await lease(credential.id)).body.secret).toBe('sk-old-0123456789');
    const next = await api
      .get(CredentialVersions)
      .prepare(
        { id: credential.id, organizationId: home.organization, kind: 'openai' },
        2,
        'sk-new-0123456789',
      );
    await api.database.transactions.run('platform', (manager) =>
      manager.insert(CredentialVersionEntity, { ...next, status: 'current' } as object),
    );
    expect((await lease(credential.id)).body.secret).toBe('sk-old-0123456789');
    await change(CredentialEntity, credential.id, {
      currentVersionId: next.id,
      fingerprint: next.fingerprint,
    });
    expect((await lease(credential.id)).body).toMatchObject({
      secret: 'sk-new-0123456789',
      fingerprint: next.fingerprint,
    });
    await change(CredentialVersionEntity, next.id, { erasedAt: new Date() });
    expect((await lease(credential.id)).status).toBe(403);
  });

  describe('who may use what', () => {
    const owners: Record<string, Partial<CredentialEntity>> = {
      platform: { ownerType: 'platform', organizationId: null, workspaceId: null },
      organization: { ownerType: 'organization', workspaceId: null },
      workspace: { ownerType: 'workspace' },
      member: { ownerType: 'member', workspaceId: null, userId: 'ada' },
    };
    const keys: Record<string, Partial<VirtualKeyEntity>> = {
      'of the workspace, for ada': {},
      'of a sibling workspace, for bob': { workspaceId: home.sibling, userId: 'bob' },
      'of the workspace, for nobody': { userId: null },
      'of another organization, for its own ada': {
        organizationId: foreign.organization,
        workspaceId: foreign.workspace,
      },
    };
    const allowed: Record<string, string[]> = {
      platform: Object.keys(keys),
      organization: Object.keys(keys).filter((key) => !key.includes('another')),
      workspace: ['of the workspace, for ada', 'of the workspace, for nobody'],
      member: ['of the workspace, for ada'],
    };
    const cases = Object.keys(owners).flatMap((owner) =>
      Object.keys(keys).map((key) => [owner, key] as const),
    );

    it.each(cases)("the %s's, by a key %s", async (owner, key) => {
      const { id } = await addCredential(owners[owner]);
      const { hash } = await addKey(keys[key]);
      const { status, body } = await lease(id, hash);
      if (allowed[owner]!.includes(key)) expect(status).toBe(200);
      else expect(body).toEqual((await lease(newId('credential'))).body);
    });

    it("not the platform's under byok_only, and then not even whether it exists", async () => {
      const { id } = await addCredential(owners['platform']);
      await change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_only' });
      const refused = await lease(id);
      await change(WorkspaceEntity, home.workspace, { credentialPolicy: 'platform_only' });
      const given = await lease(id);
      await change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_then_platform' });
      expect([refused.status, refused.body.code, given.status]).toEqual([404, 'credential_not_found', 200]);
    });

    it("not the platform's for an organization that may not use its keys", async () => {
      const { id } = await addCredential(owners['platform']);
      await change(OrganizationEntity, home.organization, { platformCredentials: false });
      const refused = await lease(id);
      await change(OrganizationEntity, home.organization, { platformCredentials: true });
      expect([refused.status, (await lease(id)).status]).toEqual([404, 200]);
    });

    it("not the workspace's own under platform_only", async () => {
      const { id } = await addCredential(owners['workspace']);
      await change(WorkspaceEntity, home.workspace, { credentialPolicy: 'platform_only' });
      const refused = await lease(id);
      await change(WorkspaceEntity, home.workspace, { credentialPolicy: 'byok_then_platform' });
      expect([refused.status, (await lease(id)).status]).toEqual([404, 200]);
    });

    const past = new Date(Date.now() - 1_000);
    it.each<[string, Partial<VirtualKeyEntity>, Partial<VirtualKeySecretEntity>]>([
      ['revoked', { revokedAt: past }, {}],
      ['deleted', { deletedAt: past }, {}],
      ['blocked', { blocked: true }, {}],
      ['expired', { expiresAt: past }, {}],
      ['rotated away', {}, { validUntil: past }],
    ])('a key that is %s gets the answer of an unknown one', async (_what, keyChange, secretChange) => {
      const { id } = await addCredential();
      const { hash } = await addKey(keyChange, secretChange);
      const unknown = await lease(id, hashVirtualKeyValue('sk-sb-unknown'));
      const { status, body } = await lease(id, hash);
      expect([status, body]).toEqual([404, unknown.body]);
      expect(body.code).toBe('credential_not_found');
    });

    it.each<[string, new () => object, 'workspace' | 'organization', object, object]>([
      ['a blocked workspace', WorkspaceEntity, 'workspace', { blocked: true }, { blocked: false }],
      ['a deleted workspace', WorkspaceEntity, 'workspace', { deletedAt: past }, { deletedAt: null }],
      ['a blocked organization', OrganizationEntity, 'organization', { blocked: true }, { blocked: false }],
      [
        'a deleted organization',
        OrganizationEntity,
        'organization',
        { deletedAt: past },
        { deletedAt: null },
      ],
    ])('a key of %s gets nothing', async (_what, entity, which, off, on) => {
      const { id } = await addCredential();
      await change(entity, home[which], off);
      const refused = await lease(id);
      await change(entity, home[which], on);
      expect([refused.status, (await lease(id)).status]).toEqual([404, 200]);
    });

    it('a value that still runs out may be used until then', async () => {
      const { id } = await addCredential();
      const { hash } = await addKey({}, { validUntil: new Date(Date.now() + day) });
      expect((await lease(id, hash)).status).toBe(200);
    });
  });

  it.each<[string, object]>([
    ['disabled', { enabled: false, state: 'disabled' }],
    ['deleted', { deletedAt: new Date() }],
    ['invalid', { state: 'invalid' }],
    ['unreadable', { state: 'unreadable' }],
    ['expired', { expiresAt: new Date(Date.now() - 1) }],
    ['an admin key', { purpose: 'admin' }],
  ])('a credential that is %s is refused although it may be used', async (_what, columns) => {
    const { id } = await addCredential();
    expect((await lease(id)).status).toBe(200);
    await change(CredentialEntity, id, columns);
    const { status, body } = await lease(id);
    expect([status, body.code, 'secret' in body]).toEqual([403, 'credential_unusable', false]);
  });

  it('has another word for a store that is away than for a secret that is gone', async () => {
    const read = jest.spyOn(api.get(SecretStores).of('sealed'), 'read');
    const answers = [];
    for (const reason of ['unavailable', 'denied', 'not_found', 'unreadable'] as const) {
      const { id } = await addCredential();
      read.mockRejectedValueOnce(new SecretStoreError(reason, 'canary-of-the-store', 12_000));
      const { status, headers, body } = await lease(id);
      expect(JSON.stringify(body)).not.toContain('canary');
      answers.push([status, body.code, headers.get('retry-after')]);
    }
    read.mockRestore();
    const away = [503, 'secret_store_unavailable', '12'];
    const gone = [403, 'credential_unusable', null];
    expect(answers).toEqual([away, away, gone, gone]);
  });

  it('says 503 while PostgreSQL is away', async () => {
    const { id } = await addCredential();
    const down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const query = jest.spyOn(api.get(PlatformReader)['pool'], 'query');
    query.mockImplementationOnce(() => {
      throw down;
    });
    const { status, body } = await lease(id);
    query.mockRestore();
    expect([status, body.code]).toEqual([503, 'database_unavailable']);
    expect((await lease(id)).status).toBe(200);
  });

  it('records once an hour that a credential was handed out, without its value', async () => {
    const { id } = await addCredential();
    await Promise.all(Array.from({ length: 10 }, () => lease(id)));
    const events = () =>
      api.database.transactions.run('platform', (manager) =>
        manager.findBy(AuditEventEntity, { targetId: id, action: 'byok_key_accessed' }),
      );
    await waitUntil(async () => (await events()).length > 0, { deadlineMs: 5_000, what: 'the event' });
    await lease(id);
    const found = await events();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ organizationId: home.organization, actorId: 'credential-broker' });
    expect(JSON.stringify(found)).not.toContain('sk-of-the-test');
  });

  describe('at its door', () => {
    it.each(['', 'wrong', 'broker-token-of-testsx', 'internal-token-of-tests'])(
      'refuses the token "%s"',
      async (token) => {
        const { status, body } = await ask({ credential_id: 'cred_1', key_hash: 'ab' }, token || null);
        expect([status, body.code]).toEqual([401, 'broker_token_invalid']);
      },
    );

    it('tells whether it is alive without a token, and nothing else', async () => {
      const alive = await api.call('GET', `${api.brokerUrl}/health/liveliness`);
      const other = await api.call('GET', `${api.brokerUrl}/v1/leases`, { token: api.config.brokerToken });
      expect([alive.status, other.status]).toEqual([200, 404]);
    });

    it('is not on the public port, nor on the internal one', async () => {
      for (const url of [api.url, api.internalUrl]) {
        for (const token of [api.config.brokerToken, api.config.internalToken]) {
          const body = { credential_id: 'cred_1', key_hash: 'ab' };
          expect((await api.call('POST', `${url}/v1/leases`, { token, body })).status).toBe(404);
        }
      }
    });

    it('takes no body over 4 KB, and reads no more of it', async () => {
      const { status, headers } = await ask(`{"credential_id":"${'x'.repeat(5_000)}"}`);
      expect([status, headers.get('connection')]).toEqual([400, 'close']);
    });

    it('takes JSON only', async () => {
      const response = await api.call<Failure>('POST', `${api.brokerUrl}/v1/leases`, {
        token: api.config.brokerToken,
        body: '{"credential_id":"cred_1","key_hash":"ab"}',
        headers: { 'content-type': 'text/plain' },
      });
      expect([response.status, response.body.code]).toEqual([400, 'request_invalid']);
    });

    it('survives whatever is sent', async () => {
      const text = fc.string({ unit: 'binary', maxLength: 200 });
      const body = fc.oneof(
        text,
        fc.json(),
        fc.record({ credential_id: text, key_hash: text }).map((value) => JSON.stringify(value)),
        text.map((end) => JSON.stringify({ credential_id: `cred_${end}`, key_hash: keyHash })),
        text.map((end) =>
          JSON.stringify({ credential_id: `cred_${'0'.repeat(26)}`, key_hash: end.padEnd(64, 'a') }),
        ),
      );
      await fc.assert(
        fc.asyncProperty(body, async (sent) => {
          const { status, body: answer } = await ask(sent);
          expect([400, 404]).toContain(status);
          expect(['request_invalid', 'credential_not_found']).toContain(answer.code);
        }),
        { numRuns: 300 },
      );
    });

    it('gives up on a client that does not finish its request', async () => {
      const cut = request(`${api.brokerUrl}/v1/leases`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${api.config.brokerToken}`,
          'content-type': 'application/json',
          'content-length': '100',
        },
      });
      const ended = new Promise((resolve) => cut.once('close', resolve).once('error', resolve));
      cut.write('{"cred');
      cut.destroy();
      await ended;
      expect((await api.call('GET', `${api.brokerUrl}/health/liveliness`)).status).toBe(200);
      expect(lines.join('\n')).not.toContain('the broker failed');
    });
  });

  describe("the edge's batch", () => {
    interface BatchAnswer extends Failure {
      leases: (Lease & Failure & { status: number })[];
    }
    const askBatch = (body: unknown, token: string = api.config.fallbackToken) =>
      api.call<BatchAnswer>('POST', `${api.brokerUrl}/v1/fallback-leases`, { body, token });
    const asked = (credentialId: string, hash = keyHash) => ({
      credential_id: credentialId,
      key_hash: hash,
    });

    it('answers each question as it would be answered alone, in their order', async () => {
      const mine = await addCredential();
      const foreigner = await addKey({
        organizationId: foreign.organization,
        workspaceId: foreign.workspace,
      });
      const organizations = await addCredential({ ownerType: 'organization', workspaceId: null });
      await change(CredentialEntity, organizations.id, { state: 'invalid' });
      const { status, headers, body } = await askBatch({
        leases: [
          asked(mine.id),
          asked(mine.id, foreigner.hash),
          asked(organizations.id),
          asked('no id'),
          asked(mine.id),
        ],
      });
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      const { body: alone } = await lease(mine.id);
      const expected = {
        ...alone,
        status: 200,
        usable_for_ms: expect.any(Number),
        fresh_for_ms: expect.any(Number),
      };
      expect(body.leases.map((one) => [one.credential_id, one.status, one.code])).toEqual([
        [mine.id, 200, undefined],
        [mine.id, 404, 'credential_not_found'],
        [organizations.id, 403, 'credential_unusable'],
        ['no id', 404, 'credential_not_found'],
        [mine.id, 200, undefined],
      ]);
      expect([body.leases[0], body.leases[4]]).toEqual([expected, expected]);
      expect(body.leases.slice(1, 4).some((one) => 'secret' in one)).toBe(false);
    });

    it('names the variable of an environment credential, without a value', async () => {
      const change = { ownerType: 'platform', organizationId: null, workspaceId: null } as const;
      const reference = 'env:OPENROUTER_API_KEY';
      const { id } = await addCredential({ ...change, source: 'env', reference }, null);
      const { body } = await askBatch({ leases: [asked(id)] });
      expect(body.leases).toMatchObject([
        { status: 200, secret: null, environment_variable: 'OPENROUTER_API_KEY' },
      ]);
    });

    it('leaves out the ones that fail, and only those', async () => {
      const mine = await addCredential();
      const organizations = await addCredential({ ownerType: 'organization', workspaceId: null });
      const read = jest.spyOn(api.get(SecretStores).of('sealed'), 'read');
      read.mockRejectedValueOnce(new SecretStoreError('unavailable', 'canary-of-the-store'));
      const { body } = await askBatch({ leases: [asked(mine.id), asked(organizations.id)] });
      read.mockRestore();
      expect(body.leases.map(({ status, code }) => [status, code]).sort()).toEqual(
        [
          [200, undefined],
          [503, 'secret_store_unavailable'],
        ].sort(),
      );
      expect(JSON.stringify(body)).not.toContain('canary');
    });

    it('is sampled into the audit trail like any other use', async () => {
      const { id } = await addCredential();
      await askBatch({ leases: Array.from({ length: 20 }, () => asked(id)) });
      const events = () =>
        api.database.transactions.run('platform', (manager) =>
          manager.findBy(AuditEventEntity, { targetId: id, action: 'byok_key_accessed' }),
        );
      await waitUntil(async () => (await events()).length > 0, { deadlineMs: 5_000, what: 'the event' });
      expect(await events()).toHaveLength(1);
    });

    it('has a token of its own: neither opens the other route', async () => {
      const { id } = await addCredential();
      const batch = { leases: [asked(id)] };
      const { brokerToken, internalToken, fallbackToken } = api.config;
      for (const token of [brokerToken, internalToken, 'wrong', `${fallbackToken}x`]) {
        expect((await askBatch(batch, token)).status).toBe(401);
      }
      expect((await ask(asked(id), fallbackToken)).status).toBe(401);
      expect((await askBatch(batch)).status).toBe(200);
      for (const url of [api.url, api.internalUrl]) {
        const options = { token: fallbackToken, body: batch };
        expect((await api.call('POST', `${url}/v1/fallback-leases`, options)).status).toBe(404);
      }
    });

    it.each<[string, unknown]>([
      ['no questions', { leases: [] }],
      ['201 questions', { leases: Array.from({ length: 201 }, () => asked('cred_1')) }],
      ['a question without a key', { leases: [{ credential_id: 'cred_1' }] }],
      ['a further field', { leases: [asked('cred_1')], all: true }],
      ['a single question', asked('cred_1')],
      ['no object', []],
      ['over 64 KB', `{"leases":"${'x'.repeat(70_000)}"}`],
    ])('takes no batch with %s', async (_what, body) => {
      const answer = await askBatch(body);
      expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    });

    it('takes 200 questions', async () => {
      const { id } = await addCredential();
      const { body } = await askBatch({ leases: Array.from({ length: 200 }, () => asked(id)) });
      expect(body.leases.map(({ status }) => status)).toEqual(Array(200).fill(200));
    });
  });

  it('logs no secret and no key hash', () => {
    const log = lines.join('\n');
    expect(log).not.toContain('sk-of-the-test');
    expect(log).not.toContain(keyHash);
  });
});
