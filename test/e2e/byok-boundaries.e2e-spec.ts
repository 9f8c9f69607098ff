import { randomBytes } from 'node:crypto';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { AdminApi, ApiAnswer } from '../support/e2e/admin-api';
import {
  byokModels,
  type ByokWorkspace,
  createByokWorkspace,
  keyViolations,
  makeProviderKey,
} from '../support/e2e/byok-workspaces';
import { callKinds, LlmCaller } from '../support/e2e/llm-calls';
import { byokProviders, useLoopbackProvider } from '../support/e2e/loopback-models';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { ProviderStandIn } from '../stand-ins/provider.stand-in';

/** What nobody may get at: other tenants' keys, the broker, and addresses that a customer's URL must not lead to. */
describe('the boundaries of own provider keys', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let caller: LlmCaller;
  let mine: ByokWorkspace;
  let theirs: ByokWorkspace;
  let myToken: AdminApi;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    caller = new LlmCaller(stack.facts.edge_url);
    mine = await createByokWorkspace(stack, 'mine', { policy: 'byok_only', hasOwnKeys: true });
    theirs = await createByokWorkspace(stack, 'theirs', { policy: 'byok_only', hasOwnKeys: true });
    const { token } = await stack.api.post<{ token: string }>('/service-tokens', {
      name: 'mine',
      organization_id: mine.organizationId,
      scopes: ['*', 'credentials:reveal'],
    });
    myToken = stack.api.withToken(token);
  });
  afterAll(async () => {
    await caller.close();
    await provider.close();
    await stack.close();
  });

  describe('between tenants', () => {
    it.each([
      ['GET', '', undefined],
      ['PATCH', '', { name: 'taken' }],
      ['POST', '/validate', {}],
      ['POST', '/disable', {}],
      ['POST', '/rotate', { api_key: makeProviderKey('openai', 'foreign') }],
      ['POST', '/reveal', { reason: 'curious' }],
      ['DELETE', '', undefined],
    ])("%s another's credential%s is 404, as if it were not there", async (method, action, body) => {
      const foreign = theirs.credentials.openai?.id ?? '';
      const unknown = `${foreign.slice(0, -4)}0000`;
      for (const id of [foreign, unknown]) {
        const answer = await myToken.request(method, `/credentials/${id}${action}`, { body });
        expect([answer.status, (answer.body as { code?: string }).code]).toEqual([
          404,
          'credential_not_found',
        ]);
      }
    });

    it("neither lists another's keys nor saves one for another", async () => {
      const listed = JSON.stringify(await myToken.get('/credentials?limit=200'));
      expect(listed).toContain(mine.credentials.openai?.id);
      expect(listed).not.toContain(theirs.credentials.openai?.id);
      const saved = await myToken.request('POST', '/credentials', {
        body: {
          provider: byokProviders.openai,
          api_key: makeProviderKey('openai', 'planted'),
          workspace_id: theirs.workspaceId,
        },
      });
      expect(saved.status).toBe(404);
    });

    it('shows a value to a token with the scope for it, and to no other', async () => {
      const path = `/credentials/${mine.credentials.openai?.id}/reveal`;
      const { token } = await stack.api.post<{ token: string }>('/service-tokens', {
        name: 'everything but',
        organization_id: mine.organizationId,
        scopes: ['*'],
      });
      const refused = await stack.api.withToken(token).request('POST', path, { body: {} });
      expect(refused.status).toBe(403);
      const shown = await myToken.request('POST', path, { body: { reason: 'a test' } });
      expect([shown.status, shown.headers.get('cache-control')]).toEqual([
        200,
        expect.stringContaining('no-store'),
      ]);
      expect(JSON.stringify(shown.body)).toContain(mine.providerKeys.openai);
      const audit = JSON.stringify(await myToken.get('/audit-events?action=byok_key_accessed&limit=10'));
      expect(audit).toContain(mine.credentials.openai?.id);
      expect(audit).not.toContain(mine.providerKeys.openai);
    });
  });

  describe('of the broker', () => {
    const lease = async (
      body: unknown,
      token: string | null = stack.facts.broker_token,
    ): Promise<ApiAnswer> => {
      const response = await fetch(`${stack.facts.broker_url}/v1/leases`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    const verdict = ({ status, body }: ApiAnswer): unknown[] => [status, (body as { code?: string }).code];
    const leaseOf = (credential: ByokWorkspace, key: ByokWorkspace): object => ({
      credential_id: credential.credentials.openai?.id,
      key_hash: hashVirtualKeyValue(key.virtualKey.key),
    });

    it('hands a key to its own workspace, without which the refusals show nothing', async () => {
      const { status, body } = await lease(leaseOf(mine, mine));
      expect([status, (body as { secret?: string }).secret]).toEqual([200, mine.providerKeys.openai]);
    });

    it("refuses another workspace's key, an unknown one and a revoked one in the same words", async () => {
      const revoked = await stack.api.createKey(mine.workspaceId);
      await stack.api.revokeKey(revoked.id);
      const answers = await Promise.all([
        lease(leaseOf(theirs, mine)),
        lease({ ...leaseOf(mine, mine), key_hash: randomBytes(32).toString('hex') }),
        lease({ ...leaseOf(mine, mine), key_hash: hashVirtualKeyValue(revoked.key) }),
        lease({ ...leaseOf(mine, mine), credential_id: `cred_${'0'.repeat(26)}` }),
      ]);
      for (const answer of answers) expect(verdict(answer)).toEqual([404, 'credential_not_found']);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    });

    it.each<[string, () => string | null]>([
      ['no token', () => null],
      ['the internal token', () => stack.facts.internal_token],
      ['the master key', () => stack.facts.litellm_master_key],
      ['a part of the token', () => stack.facts.broker_token.slice(0, -1)],
    ])('refuses whoever comes with %s', async (_, token) => {
      expect(verdict(await lease(leaseOf(mine, mine), token()))).toEqual([401, 'broker_token_invalid']);
    });

    it.each([[{}], [[]], [{ credential_id: 7, key_hash: null }]])('refuses %j', async (body) => {
      expect(verdict(await lease(body))).toEqual([400, 'request_invalid']);
    });

    it('refuses a key that is switched off', async () => {
      const credential = await stack.api.createCredential({
        provider: byokProviders.openai,
        api_key: makeProviderKey('openai', 'off'),
        organization_id: mine.organizationId,
        enabled: false,
      });
      const answer = await lease({ ...leaseOf(mine, mine), credential_id: credential.id });
      expect(verdict(answer)).toEqual([403, 'credential_unusable']);
    });

    it('is no part of the public port, nor of the internal one', async () => {
      for (const url of [stack.facts.api_url, stack.facts.edge_url, stack.facts.runner_url]) {
        const response = await fetch(`${url}/v1/leases`, {
          method: 'POST',
          headers: { authorization: `Bearer ${stack.facts.broker_token}` },
        });
        expect([401, 404]).toContain(response.status);
      }
    });
  });

  describe('of base URLs that a customer gives', () => {
    const save = (baseUrl: string, workspaceId: string): Promise<ApiAnswer> =>
      myToken.request('POST', '/credentials', {
        body: {
          provider: byokProviders.openai,
          api_key: makeProviderKey('openai', 'url'),
          base_url: baseUrl,
          workspace_id: workspaceId,
        },
      });
    const newWorkspace = async (): Promise<string> =>
      (await stack.api.createWorkspace(mine.organizationId, `url ${randomBytes(4).toString('hex')}`)).id;

    it.each([
      'http://169.254.169.254/latest',
      'http://2852039166/v1',
      'http://0xa9fea9fe/v1',
      'http://[::ffff:169.254.169.254]/v1',
      'http://[fd00:ec2::254]/v1',
      'http://[::1]:4011/v1',
      'http://127.0.0.2:4010/v1',
      'http://10.0.0.1/v1',
      'http://0.0.0.0/v1',
      'http://metadata.google.internal/v1',
      'file:///etc/passwd',
      'http://user:password@127.0.0.1/v1',
    ])('refuses %s', async (baseUrl) => {
      const answer = await save(baseUrl, await newWorkspace());
      expect([answer.status, (answer.body as { code?: string }).code]).toEqual([
        400,
        expect.stringMatching(/^(base_url_forbidden|validation_failed)$/),
      ]);
    });

    it('takes one that the operator allows, and calls go there, with the key of the customer and through the relay', async () => {
      const server = await ProviderStandIn.start();
      try {
        const value = makeProviderKey('openai', 'ownserver');
        const { id: workspaceId } = await stack.api.createWorkspace(mine.organizationId, 'own server');
        const credential = await myToken.createCredential({
          provider: byokProviders.openai,
          api_key: value,
          base_url: server.baseUrl,
          workspace_id: workspaceId,
        });
        expect(credential.state).toBe('verified');
        const { key } = await stack.api.createKey(workspaceId);
        provider.requests.length = 0;
        const kinds = callKinds.filter((kind) => kind !== 'messages');
        const outcomes = await Promise.all(
          kinds.map((kind) => caller.call({ kind, key, models: byokModels })),
        );
        expect(outcomes.map(({ problem }) => problem)).toEqual(kinds.map(() => null));
        expect(keyViolations(server, outcomes, () => [value])).toEqual([]);
        expect(provider.calls()).toEqual([]);
        expect(JSON.stringify(server.calls().map(({ headers }) => headers))).not.toMatch(/signalbox|sb1\./i);
      } finally {
        await server.close();
      }
    });

    it('has the relay refuse an address that nobody signed', async () => {
      const target = Buffer.from(provider.baseUrl).toString('base64url');
      const mac = randomBytes(32).toString('base64url');
      const kid = stack.facts.context_signing_keys.split(':')[0];
      provider.requests.length = 0;
      for (const token of [target, `${target}.${kid}.${mac}`, `${target}.${kid}.`, '']) {
        const response = await fetch(`${stack.facts.egress_url}/egress/${token}/models`);
        expect([400, 401, 403, 404]).toContain(response.status);
      }
      expect(provider.requests).toEqual([]);
    });
  });
});
