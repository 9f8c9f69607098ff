import { generateVirtualKeyValue } from '@signalbox/gateway';
import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, organization, workspace } from '../../../../test/support/edge-app';
import { EdgeClient, type EdgeErrorBody, messages } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;
beforeAll(async () => {
  app = await openEdgeApp({ config: { trustedProxies: ['127.0.0.1'] } });
});
afterAll(() => app.close());
beforeEach(() => {
  app.litellm.behaviour = null;
  app.litellm.calls.length = 0;
});

const chat = { model: 'demo', messages, max_tokens: 20 };
const choice = { index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' };
const chatPath = '/v1/chat/completions';

async function clientWith(limits: Parameters<EdgeApp['createKey']>[0]): Promise<EdgeClient> {
  return new EdgeClient(app.url, (await app.createKey(limits)).value);
}

describe('a limited key', () => {
  it('is told with each answer what is left', async () => {
    const client = await clientWith({ rpm_limit: 3, rph_limit: 100, tpm_limit: 10_000 });
    const response = await client.post(chatPath, chat);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('3');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('2');
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^1m\d+(\.\d+)?s$/);
    expect(response.headers.get('x-ratelimit-limit-tokens')).toBe('10000');
    expect(Number(response.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(9_980);
    expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBeNull();
    expect(response.headers.get('x-signalbox-limits')).toBeNull();
  });

  it('is refused at its limit, told whose it is and for how long, and reaches nobody', async () => {
    const client = await clientWith({ rpm_limit: 1 });
    await client.post(chatPath, chat);
    const response = await client.post(chatPath, chat);
    expect(response.status).toBe(429);
    const { error } = (await response.json()) as EdgeErrorBody;
    expect(error).toMatchObject({ code: 'request_limit_reached', type: 'rate_limit_error' });
    expect(error.message).toMatch(
      /^A limit of this virtual key is reached: 1 requests per minute\. Try again in (60|61) s\.$/,
    );
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(58);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(59|1m0)(\.\d+)?s$/);
    expect(app.litellm.posts()).toHaveLength(1);
  });

  it("is told in Anthropic's form what Anthropic's clients know", async () => {
    const client = await clientWith({ rpm_limit: 1, tpm_limit: 5_000 });
    const ask = (): Promise<Response> =>
      client.post('/v1/messages', chat, { 'anthropic-version': '2023-06-01' });
    const first = await ask();
    expect(first.headers.get('anthropic-ratelimit-requests-limit')).toBe('1');
    expect(first.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    expect(first.headers.get('anthropic-ratelimit-tokens-limit')).toBe('5000');
    const reset = first.headers.get('anthropic-ratelimit-requests-reset') ?? '';
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Date.parse(reset) - Date.now()).toBeGreaterThan(55_000);
    const second = await ask();
    expect(second.status).toBe(429);
    expect(await second.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(second.headers.get('anthropic-ratelimit-requests-reset')).not.toBeNull();
  });

  it("is not asked to wait for a minute by OpenAI's SDK", async () => {
    const { value } = await app.createKey({ rpm_limit: 1 });
    const openai = new OpenAI({ apiKey: value, baseURL: `${app.url}/v1`, maxRetries: 2 });
    await openai.chat.completions.create(chat as OpenAI.ChatCompletionCreateParamsNonStreaming);
    const startedAtMs = performance.now();
    const again = openai.chat.completions.create(chat as OpenAI.ChatCompletionCreateParamsNonStreaming);
    await expect(again).rejects.toMatchObject({ status: 429, code: 'request_limit_reached' });
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });

  it('cannot ask for more tokens than it may ever use, and is told so', async () => {
    const client = await clientWith({ tpm_limit: 1_000 });
    const response = await client.post(chatPath, { ...chat, max_tokens: 5_000 });
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('retry-after')).toBeNull();
    const { error } = (await response.json()) as EdgeErrorBody;
    expect(error.code).toBe('token_limit_reached');
    expect(error.message).toContain('can never fit');
    expect(error.message).toContain('max_tokens');
  });

  it('gets back what its answer did not use', async () => {
    const client = await clientWith({ tpm_limit: 10_000 });
    await (await client.post(chatPath, { ...chat, max_tokens: 9_000 })).text();
    await waitUntil(
      async () => (await client.post(chatPath, { ...chat, max_tokens: 9_000 })).status === 200,
      {
        deadlineMs: 2_000,
        what: 'the settlement',
      },
    );
  });

  it('gets back all of it when nobody answered', async () => {
    const client = await clientWith({ tpm_limit: 10_000 });
    app.litellm.behaviour = { kind: 'reset' };
    expect((await client.post(chatPath, { ...chat, max_tokens: 9_900 })).status).toBeGreaterThanOrEqual(500);
    app.litellm.behaviour = null;
    await waitUntil(
      async () => (await client.post(chatPath, { ...chat, max_tokens: 9_900 })).status === 200,
      {
        deadlineMs: 5_000,
        what: 'the settlement',
      },
    );
  });

  it('may have so many requests running at the same time', async () => {
    const client = await clientWith({ max_parallel_requests: 2 });
    let letGo = (): void => undefined;
    const hold = new Promise<void>((resolve) => (letGo = resolve));
    const answer = { id: 'c', object: 'chat.completion', created: 1, model: 'demo', choices: [choice] };
    app.litellm.behaviour = {
      kind: 'served',
      serve: async (_body, response) => {
        await hold;
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      },
    };
    const running = [client.post(chatPath, chat), client.post(chatPath, chat)];
    await waitUntil(() => app.litellm.posts().length === 2, { deadlineMs: 3_000, what: 'both to run' });
    const refused = await client.post(chatPath, chat);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('x-should-retry')).toBe('true');
    letGo();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    app.litellm.behaviour = null;
    await waitUntil(async () => (await client.post(chatPath, chat)).status === 200, {
      deadlineMs: 2_000,
      what: 'a free slot',
    });
  });
});

describe('limits above the key', () => {
  it('hold for all keys below them, on all edges', async () => {
    const ids = { organization_id: 'org_tier', workspace_id: 'ws_tier' };
    await app.projection.write('organization', 'org_tier', { ...organization, id: 'org_tier', rpm_limit: 6 });
    const own = { ...workspace, id: 'ws_tier', organization_id: 'org_tier', rpm_limit: 4 };
    await app.projection.write('workspace', 'ws_tier', own);
    const other = { ...own, id: 'ws_other', rpm_limit: null };
    await app.projection.write('workspace', 'ws_other', other);
    const keys = [await app.createKey(ids), await app.createKey(ids)];
    const elsewhere = await app.createKey({ ...ids, workspace_id: 'ws_other' });
    const second = await app.startSecondEdge();
    await waitUntil(
      async () => (await (await fetch(`${second.url}/health/readiness`)).text()).includes('"ready"'),
      { deadlineMs: 5_000, what: 'the second edge' },
    );
    const statuses = async (
      key: { value: string } | undefined,
      url: string,
      count: number,
    ): Promise<number[]> => {
      const client = new EdgeClient(url, key?.value ?? '');
      const all = await Promise.all(Array.from({ length: count }, () => client.post(chatPath, chat)));
      return all.map(({ status }) => status);
    };
    const below = await Promise.all([statuses(keys[0], app.url, 4), statuses(keys[1], second.url, 4)]);
    expect(below.flat().filter((status) => status === 200)).toHaveLength(4);
    expect((await statuses(elsewhere, second.url, 4)).sort()).toEqual([200, 200, 429, 429]);
  });
});

describe('guessed keys', () => {
  const attempt = (key: string, from: string): Promise<Response> =>
    new EdgeClient(app.url, key).post(chatPath, chat, { 'x-forwarded-for': from });

  it('are refused after 30 from one address, without a word to Redis; a real key from there is served', async () => {
    const from = '198.51.100.7';
    const real = await app.createKey();
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await attempt(generateVirtualKeyValue(), from)).status),
    );
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(30);
    const refused = await attempt(generateVirtualKeyValue(), from);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^[12]$/);
    expect(((await refused.json()) as EdgeErrorBody).error.code).toBe('unknown_keys_limited');
    expect((await attempt('sk-sb-nonsense', from)).status).toBe(429);
    expect((await attempt(generateVirtualKeyValue(), '198.51.100.8')).status).toBe(401);
    expect((await attempt(real.value, from)).status).toBe(200);
  });
});
