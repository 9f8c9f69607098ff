import { type ContextClaims, hashVirtualKeyValue, signContext } from '@signalbox/gateway';
import type { NamedKey } from '@signalbox/common';
import { randomBytes } from 'node:crypto';
import { sendTo, type DirectAnswer } from '../support/e2e/litellm-direct';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { replyTo } from '../stand-ins/provider-answers';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

/** LiteLLM believes the edge's signed context on LLM routes, the master key on admin routes, and nothing else. */
describe('LiteLLM called past the edge', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let litellmUrl: string;
  let keyValue: string;
  let claims: ContextClaims;
  let ring: NamedKey[];
  const path = '/v1/chat/completions';
  const body = { model: loopback.chat, messages: [{ role: 'user', content: 'past the edge' }] };

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const tenant = await createTenant(stack, 'past the edge');
    const created = await stack.api.createKey(tenant.workspaceId);
    keyValue = created.key;
    litellmUrl = await stack.litellm.url();
    claims = {
      rid: 'req_pasttheedge',
      m: 'POST',
      p: path,
      kh: hashVirtualKeyValue(keyValue),
      key: created.id,
      ws: tenant.workspaceId,
      org: tenant.organizationId,
      mdl: loopback.chat,
      dep: null,
      cred: null,
      prov: null,
    };
    ring = stack.facts.context_signing_keys.split(',').map((entry) => {
      const [kid = '', encoded = ''] = entry.split(':');
      return { kid, key: Buffer.from(encoded, 'base64url') };
    });
    await waitUntil(() => stack.litellm.keyInfo(claims.kh), { deadlineMs: 15_000, what: 'the mirrored key' });
  });
  beforeEach(() => {
    provider.requests.length = 0;
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const send = (headers: Record<string, string>, to = path, sent: unknown = body): Promise<DirectAnswer> =>
    sendTo(litellmUrl, { path: to, headers, body: sent });
  const sendContext = (token: string, to = path, sent: unknown = body): Promise<DirectAnswer> =>
    send({ 'x-signalbox-context': token }, to, sent);

  it('answers a right context, without which the refusals below would show nothing', async () => {
    const answer = await sendContext(signContext(ring, claims, Date.now()));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ choices: [{ message: { content: replyTo('past the edge') } }] });
  });

  it.each<[string, () => Record<string, string>]>([
    ['nothing', () => ({})],
    ['the virtual key, mirrored as it is', () => ({ authorization: `Bearer ${keyValue}` })],
    ['the virtual key as x-api-key', () => ({ 'x-api-key': keyValue })],
    ['the master key', () => ({ authorization: `Bearer ${stack.facts.litellm_master_key}` })],
    ['the internal token', () => ({ authorization: `Bearer ${stack.facts.internal_token}` })],
    ['an empty context', () => ({ 'x-signalbox-context': '' })],
    ['a forged context', () => ({ 'x-signalbox-context': forged() })],
    ['a context signed by an unknown key', () => ({ 'x-signalbox-context': signedBy('k9') })],
    [
      'an expired context',
      () => ({ 'x-signalbox-context': signContext(ring, claims, Date.now() - 100_000) }),
    ],
    [
      'a context of the future',
      () => ({ 'x-signalbox-context': signContext(ring, claims, Date.now() + 100_000) }),
    ],
    ['a context for another path', () => ({ 'x-signalbox-context': signedFor({ p: '/v1/embeddings' }) })],
    ['a context for another method', () => ({ 'x-signalbox-context': signedFor({ m: 'GET' }) })],
    ['a changed context', () => ({ 'x-signalbox-context': changed() })],
  ])('refuses an LLM route with %s', async (_, headers) => {
    const answer = await send(headers());
    expect(answer.status).toBe(401);
    expect(provider.calls()).toHaveLength(0);
  });

  function signedFor(more: Partial<ContextClaims>): string {
    return signContext(ring, { ...claims, ...more }, Date.now());
  }
  function signedBy(kid: string): string {
    return signContext([{ kid, key: randomBytes(32) }], claims, Date.now());
  }
  function forged(): string {
    return signedBy(ring[0]?.kid ?? '');
  }
  function changed(): string {
    const [version, kid, payload = '', mac] = signContext(ring, claims, Date.now()).split('.');
    const text = Buffer.from(payload, 'base64url').toString().replace(claims.ws, 'ws_somebodyelse');
    return [version, kid, Buffer.from(text).toString('base64url'), mac].join('.');
  }

  it.each([
    ['POST', '/key/generate', {}],
    ['POST', '/team/new', {}],
    ['POST', '/user/new', {}],
    ['POST', '/model/new', {}],
    ['GET', '/key/info', undefined],
    ['GET', '/key/list', undefined],
    ['GET', '/spend/logs', undefined],
    ['GET', '/global/spend', undefined],
    ['GET', '/credentials', undefined],
    ['GET', '/model/info', undefined],
  ])('opens %s %s neither to a context for it nor to a virtual key', async (method, adminPath, sent) => {
    const context = signedFor({ m: method, p: adminPath });
    const byContext = await sendTo(litellmUrl, {
      method,
      path: adminPath,
      headers: { 'x-signalbox-context': context },
      body: sent,
    });
    const byKey = await sendTo(litellmUrl, {
      method,
      path: adminPath,
      headers: { authorization: `Bearer ${keyValue}` },
      body: sent,
    });
    expect([byContext.status, byKey.status]).toEqual([401, 401]);
  });

  it('opens admin routes to the master key', async () => {
    expect((await stack.litellm.asMaster({ path: '/key/list?size=1' })).status).toBe(200);
    expect((await stack.litellm.asMaster({ path: '/model/info' })).status).toBe(200);
    const guess = stack.facts.litellm_master_key.slice(0, -1);
    const wrong = await sendTo(litellmUrl, {
      path: '/key/list',
      headers: { authorization: `Bearer ${guess}` },
    });
    expect(wrong.status).toBe(401);
  });

  it.each([
    ['POST', '/key/generate'],
    ['POST', '/team/new'],
    ['GET', '/key/info'],
    ['GET', '/model/info'],
    ['GET', '/v1/model/info'],
    ['GET', '/spend/logs'],
    ['GET', '/credentials'],
    ['GET', '/openapi.json'],
    ['GET', '/routes'],
    ['GET', '/config/yaml'],
    ['POST', '/v1/chat/../key/generate'],
    ['POST', '/v1%2Fkey%2Fgenerate'],
    ['POST', '//key/generate'],
  ])('does not reach %s %s through port 4000, whatever the key', async (method, adminPath) => {
    for (const token of [keyValue, stack.facts.litellm_master_key]) {
      const answer = await rawRequest(method, adminPath, token);
      expect([401, 404, 405]).toContain(answer.status);
      expect(answer.headers).not.toHaveProperty('x-litellm-version');
    }
  });

  it('drops a context that a client sends along', async () => {
    const answer = await stack.chat.expectAnswer({
      key: keyValue,
      model: loopback.chat,
      headers: { 'x-signalbox-context': forged(), 'x-litellm-call-id': 'mine' },
    });
    expect(answer.headers['x-litellm-call-id']).toBe(answer.headers['x-request-id']);
  });

  /** fetch would normalize the path; this sends it as it is. */
  async function rawRequest(method: string, rawPath: string, token: string): Promise<DirectAnswerHead> {
    const { request } = await import('node:http');
    const url = new URL(stack.facts.edge_url);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: url.hostname,
          port: url.port,
          method,
          path: rawPath,
          headers: { authorization: `Bearer ${token}` },
        },
        (response) => {
          response.resume();
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: { ...response.headers } }),
          );
        },
      );
      call.once('error', reject);
      call.end();
    });
  }
});

interface DirectAnswerHead {
  status: number;
  headers: Record<string, unknown>;
}
