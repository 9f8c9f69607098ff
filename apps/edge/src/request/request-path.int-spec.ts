import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, type EdgeErrorBody, errorOf } from '../../../../test/support/edge-client';
import { replyTo } from '../../../../test/stand-ins/provider-answers';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;

beforeAll(async () => {
  app = await openEdgeApp();
  key = await app.createKey();
  client = new EdgeClient(app.url, key.value);
});
afterAll(() => app.close());
beforeEach(() => {
  app.litellm.behaviour = null;
  app.litellm.calls.length = 0;
});

const chat = { model: 'demo', messages: [{ role: 'user', content: 'hello' }] };
const as = ({ value }: { value: string }): EdgeClient => new EdgeClient(app.url, value);

describe('good calls', () => {
  it('pass through the OpenAI SDK, plain and streamed', async () => {
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const plain = await client.openai.chat.completions.create({ model: 'demo', messages });
    expect(plain.choices[0]?.message.content).toBe(replyTo('hello'));
    let text = '';
    for await (const chunk of await client.openai.chat.completions.create({
      model: 'demo',
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe(replyTo('hello'));
    const embeddings = await client.openai.embeddings.create({
      model: 'demo',
      input: 'x',
      encoding_format: 'float',
    });
    expect(embeddings.data).toHaveLength(1);
    const response = await client.openai.responses.create({ model: 'demo', input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
  });

  it('pass through the Anthropic SDK, plain and streamed', async () => {
    const request = {
      model: 'demo',
      max_tokens: 99,
      messages: [{ role: 'user' as const, content: 'hello' }],
    };
    const plain = await client.anthropic.messages.create(request);
    expect(plain.content).toMatchObject([{ type: 'text', text: replyTo('hello') }]);
    const final = await client.anthropic.messages.stream(request).finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text: replyTo('hello') }]);
    expect(await client.anthropic.messages.countTokens(request)).toMatchObject({
      input_tokens: expect.any(Number),
    });
  });

  it('reach LiteLLM byte for byte, without the query', async () => {
    // LiteLLM takes ?model= on /v1/chat/completions for the model, past the body that was checked.
    const body = '{ "model":"demo",\n "messages" : [ ], "top_k":5 , "n": 1.0 }';
    const response = await client.post('/v1/chat/completions?model=secret&beta=true', body);
    expect(response.status).toBe(200);
    const [call] = app.litellm.posts();
    expect(call?.bytes.toString()).toBe(body);
    expect(call?.query).toBe('');
    expect(call?.path).toBe('/v1/chat/completions');
  });

  it('say who calls in the signed context', async () => {
    await client.post('/chat/completions', chat);
    expect(app.litellm.posts()[0]?.context).toMatchObject({
      m: 'POST',
      p: '/chat/completions',
      kh: key.hash,
      key: key.document.key_id,
      ws: 'ws_1',
      org: 'org_1',
      mdl: 'demo',
      dep: null,
      cred: null,
    });
  });

  it('may upload a form', async () => {
    const form = new FormData();
    form.set('model', 'demo');
    form.set('file', new Blob([Buffer.alloc(200_000, 7)]), 'speech "1".wav');
    form.set('language', 'en');
    const response = await client.post('/v1/audio/transcriptions', form);
    expect(response.status).toBe(200);
    const [call] = app.litellm.posts();
    expect(call?.headers['content-type']).toMatch(/^multipart\/form-data; boundary="[^"]+"$/);
    expect(call?.context.mdl).toBe('demo');
    expect(call?.bytes.length).toBeGreaterThan(200_000);
  });
});

describe('headers', () => {
  it('of the client stay behind, but for a few', async () => {
    await client.post('/v1/chat/completions', chat, {
      'x-api-key': 'sk-other',
      cookie: 'a=b',
      'x-openwebui-user-email': 'a@b.c',
      'x-stainless-lang': 'js',
      'x-litellm-tags': 'free',
      'x-litellm-api-key': 'sk-master',
      'x-forwarded-for': '1.2.3.4',
      'openai-organization': 'org-x',
      'x-signalbox-context': 'sb1.forged',
      'x-litellm-call-id': 'mine',
      'anthropic-beta': 'tools',
      'user-agent': 'test/1',
    });
    const headers = app.litellm.posts()[0]?.headers ?? {};
    const id = headers['x-request-id'];
    expect(id).toMatch(/^req_/);
    expect(Object.keys(headers).sort()).toEqual(
      [
        'accept-encoding',
        'anthropic-beta',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
        'x-litellm-call-id',
        'x-request-id',
        'x-signalbox-context',
      ].sort(),
    );
    expect(headers).toMatchObject({
      'x-litellm-call-id': id,
      'anthropic-beta': 'tools',
      'user-agent': 'test/1',
    });
  });

  it('of LiteLLM come back without addresses, accounts, cookies and what it thinks of the key', async () => {
    const { headers } = await client.post('/v1/chat/completions', chat, { 'x-request-id': 'client-7' });
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
    expect(headers.get('request-id')).toBe(headers.get('x-request-id'));
    expect(headers.get('x-litellm-call-id')).toBe(headers.get('x-request-id'));
    expect(headers.get('x-litellm-version')).toBe('1.103.1');
    expect(headers.get('x-signalbox-route')).toBe('litellm');
    for (const name of [
      'x-litellm-model-api-base',
      'x-litellm-key-spend',
      'llm_provider-openai-organization',
      'set-cookie',
    ]) {
      expect(headers.get(name)).toBeNull();
    }
  });

  it("the client's own request id is in the log only", async () => {
    const response = await client.post('/v1/chat/completions', chat, { 'x-request-id': 'client-8' });
    const line = await waitUntil(() => app.logs.find((entry) => entry['client_request_id'] === 'client-8'), {
      deadlineMs: 2_000,
      what: 'the line in the access log',
    });
    expect(line).toMatchObject({
      request_id: response.headers.get('x-request-id'),
      status: 200,
      route: 'chat_completions',
      key_id: key.document.key_id,
      model: 'demo',
      attempts: 1,
      slot: 'blue',
      client_gone: false,
    });
    expect(JSON.stringify(app.logs)).not.toContain(key.value);
    expect(JSON.stringify(app.logs)).not.toContain(key.hash);
  });
});

describe('routes', () => {
  it.each([
    '/key/generate',
    '/team/new',
    '/model/info',
    '/spend/logs',
    '/ui',
    '/',
    '/v1/files',
    '/internal/v1/x',
  ])('%s is not served', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const response = await fetch(app.url + path, {
        method,
        headers: { authorization: `Bearer ${key.value}` },
      });
      expect(response.status).toBe(404);
      expect((await errorOf(response)).code).toBe('route_not_found');
    }
    expect(app.litellm.calls).toHaveLength(0);
  });

  it('answer in the dialect of the caller', async () => {
    const response = await fetch(`${app.url}/v1/nothing`, { headers: { 'anthropic-version': '2023-06-01' } });
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', code: 'route_not_found' },
      request_id: expect.stringMatching(/^req_/),
    });
    const doubled = await fetch(`${app.url}/v1/v1/messages`, { method: 'POST' });
    expect(((await doubled.json()) as EdgeErrorBody).error.message).toMatch(/\/v1 twice/);
  });

  it('tell a wrong method, and answer OPTIONS and HEAD', async () => {
    const wrong = await fetch(`${app.url}/v1/chat/completions`);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    const options = await fetch(`${app.url}/v1/chat/completions`, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    const head = await fetch(`${app.url}/v1/models`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${key.value}` },
    });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('health needs no key', async () => {
    expect((await fetch(`${app.url}/health/liveliness`)).status).toBe(200);
    const ready = await fetch(`${app.url}/health/readiness`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', problems: [] }]);
    expect((await fetch(`${app.url}/health`)).status).toBe(404);
  });
});

describe('GET /v1/models', () => {
  it('shows what the key may use, in both forms', async () => {
    const limited = await app.createKey({ models: ['openai/*', 'demo'] });
    const ids = (await as(limited).openai.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(['demo', 'openai/gpt-4o-mini']);
    const page = await as(limited).anthropic.models.list();
    expect(page.data).toMatchObject([
      { id: 'demo', type: 'model' },
      { id: 'openai/gpt-4o-mini', type: 'model' },
    ]);
    expect((await as(limited).openai.models.retrieve('openai/gpt-4o-mini')).id).toBe('openai/gpt-4o-mini');
    await expect(as(limited).openai.models.retrieve('gpt-4o')).rejects.toThrow(OpenAI.NotFoundError);
    const nothing = await app.createKey({ models: ['no-default-models'] });
    expect((await as(nothing).openai.models.list()).data).toEqual([]);
  });

  it('says which LiteLLM it comes from', async () => {
    const { headers } = await fetch(`${app.url}/v1/models`, {
      headers: { authorization: `Bearer ${key.value}` },
    });
    expect(headers.get('x-litellm-version')).toBe('1.103.1');
    expect(headers.get('x-signalbox-models')).toBe('litellm');
  });
});
