import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { replyTo } from '../../../../test/stand-ins/provider-answers';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;
let key: TestKey;

beforeAll(async () => {
  app = await openEdgeApp();
  key = await app.createKey();
});
afterAll(() => app.close());
beforeEach(() => {
  app.litellm.behaviour = null;
  app.litellm.calls.length = 0;
});

interface ErrorBody {
  error: { code: string; message: string; type: string; param: string | null };
  type?: string;
  request_id?: string;
}

const chat = { model: 'demo', messages: [{ role: 'user', content: 'hello' }] };

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const isText = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
  return fetch(app.url + path, {
    method: 'POST',
    headers: {
      ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      authorization: `Bearer ${key.value}`,
      ...headers,
    },
    body: isText ? (body as BodyInit) : JSON.stringify(body),
  });
}

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return ((await response.json()) as ErrorBody).error;
}

const openai = (value = key.value): OpenAI =>
  new OpenAI({ apiKey: value, baseURL: `${app.url}/v1`, maxRetries: 0 });
const anthropic = (value = key.value): Anthropic =>
  new Anthropic({ apiKey: value, baseURL: app.url, maxRetries: 0 });

describe('good calls', () => {
  it('pass through the OpenAI SDK, plain and streamed', async () => {
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const plain = await openai().chat.completions.create({ model: 'demo', messages });
    expect(plain.choices[0]?.message.content).toBe(replyTo('hello'));
    let text = '';
    for await (const chunk of await openai().chat.completions.create({
      model: 'demo',
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe(replyTo('hello'));
    const embeddings = await openai().embeddings.create({
      model: 'demo',
      input: 'x',
      encoding_format: 'float',
    });
    expect(embeddings.data).toHaveLength(1);
    const response = await openai().responses.create({ model: 'demo', input: 'hello' });
    expect(response.output_text).toBe(replyTo('hello'));
  });

  it('pass through the Anthropic SDK, plain and streamed', async () => {
    const request = {
      model: 'demo',
      max_tokens: 99,
      messages: [{ role: 'user' as const, content: 'hello' }],
    };
    const plain = await anthropic().messages.create(request);
    expect(plain.content).toMatchObject([{ type: 'text', text: replyTo('hello') }]);
    const final = await anthropic().messages.stream(request).finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text: replyTo('hello') }]);
    expect(await anthropic().messages.countTokens(request)).toMatchObject({
      input_tokens: expect.any(Number),
    });
  });

  it('reach LiteLLM byte for byte, without the query', async () => {
    // LiteLLM takes ?model= on /v1/chat/completions for the model, past the body that was checked.
    const body = '{ "model":"demo",\n "messages" : [ ], "top_k":5 , "n": 1.0 }';
    const response = await post('/v1/chat/completions?model=secret&beta=true', body);
    expect(response.status).toBe(200);
    const [call] = app.litellm.posts();
    expect(call?.bytes.toString()).toBe(body);
    expect(call?.query).toBe('');
    expect(call?.path).toBe('/v1/chat/completions');
  });

  it('say who calls in the signed context', async () => {
    await post('/chat/completions', chat);
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
    const response = await post('/v1/audio/transcriptions', form);
    expect(response.status).toBe(200);
    const [call] = app.litellm.posts();
    expect(call?.headers['content-type']).toMatch(/^multipart\/form-data; boundary="[^"]+"$/);
    expect(call?.context.mdl).toBe('demo');
    expect(call?.bytes.length).toBeGreaterThan(200_000);
  });
});

describe('headers', () => {
  it('of the client stay behind, but for a few', async () => {
    await post('/v1/chat/completions', chat, {
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
    const { headers } = await post('/v1/chat/completions', chat, { 'x-request-id': 'client-7' });
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
    const response = await post('/v1/chat/completions', chat, { 'x-request-id': 'client-8' });
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

describe('the key', () => {
  const cases: [string, Record<string, string>, number, string][] = [
    ['none', { authorization: '' }, 401, 'key_missing'],
    ['basic authorization', { authorization: 'Basic abc' }, 401, 'key_missing'],
    ["a provider's", { authorization: 'Bearer sk-proj-123456' }, 401, 'key_malformed'],
    [
      'of another installation',
      { authorization: 'Bearer sk-sb-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc0' },
      401,
      'key_malformed',
    ],
  ];
  it.each(cases)('%s', async (_name, headers, status, code) => {
    const response = await post('/v1/chat/completions', chat, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({ code, type: 'authentication_error' });
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('is taken from x-api-key too', async () => {
    const response = await post('/v1/chat/completions', chat, { authorization: '', 'x-api-key': key.value });
    expect(response.status).toBe(200);
  });

  it('mistyped is told from unknown, and both SDKs see an authentication error', async () => {
    const { value: unknown } = await app.createKey().then(async (one) => {
      await app.projection.redis.hdel(`${app.projection.prefix}:projection`, `key:${one.hash}`);
      await app.projection.reload();
      return one;
    });
    await waitUntil(
      async () =>
        (await post('/v1/chat/completions', chat, { authorization: `Bearer ${unknown}` })).status === 401,
      {
        deadlineMs: 3_000,
        what: 'the removed key to be unknown',
      },
    );
    await expect(openai(unknown).models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(anthropic(unknown).models.list()).rejects.toThrow(Anthropic.AuthenticationError);
    const response = await post('/v1/chat/completions', chat, { authorization: `Bearer ${unknown}` });
    expect((await errorOf(response)).code).toBe('key_unknown');
  });

  it('is expired by the clock, at each request', async () => {
    const soon = await app.createKey({ expires_at: new Date(Date.now() + 700).toISOString() });
    const headers = { authorization: `Bearer ${soon.value}` };
    expect((await post('/v1/chat/completions', chat, headers)).status).toBe(200);
    const refused = await waitUntil(
      async () => {
        const response = await post('/v1/chat/completions', chat, headers);
        return response.status === 401 ? response : null;
      },
      { deadlineMs: 3_000, what: 'the key to expire' },
    );
    expect((await errorOf(refused)).code).toBe('key_expired');
  });
});

describe('policy', () => {
  it('a model that is not on the list is a 403 in both dialects', async () => {
    const limited = await app.createKey({ models: ['gpt-4o', 'openai/*'] });
    await expect(
      openai(limited.value).chat.completions.create({ model: 'demo', messages: [] }),
    ).rejects.toThrow(OpenAI.PermissionDeniedError);
    await expect(
      anthropic(limited.value).messages.create({ model: 'demo', messages: [], max_tokens: 1 }),
    ).rejects.toThrow(Anthropic.PermissionDeniedError);
    expect(app.litellm.posts()).toHaveLength(0);
    const allowed = await openai(limited.value).chat.completions.create({ model: 'openai/x', messages: [] });
    expect(allowed.object).toBe('chat.completion');
  });

  it.each([
    ['api_base', { api_base: 'http://evil' }, 'api_base'],
    ['metadata', { metadata: { user_api_key_team_id: 'ws_2' } }, 'metadata.user_api_key_team_id'],
    ['extra_body', { extra_body: { model: 'secret' } }, 'extra_body.model'],
    ['models', { models: ['secret'] }, 'models'],
  ])('refuses %s in the body', async (_name, fields, param) => {
    const response = await post('/v1/chat/completions', { ...chat, ...fields });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'field_forbidden', param });
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('reads forms as strictly', async () => {
    const limited = await app.createKey({ models: ['gpt-4o'] });
    const form = (model: string): FormData => {
      const data = new FormData();
      data.set('file', new Blob(['x']), 'a.wav');
      data.set('model', model);
      return data;
    };
    const headers = { authorization: `Bearer ${limited.value}` };
    expect((await post('/v1/audio/transcriptions', form('gpt-4o'), headers)).status).toBe(200);
    expect((await post('/v1/audio/transcriptions', form('demo'), headers)).status).toBe(403);
    const twice = form('gpt-4o');
    twice.append('model', 'demo');
    const response = await post('/v1/audio/transcriptions', twice, headers);
    expect(await errorOf(response)).toMatchObject({ code: 'malformed_form' });
    const steering = form('gpt-4o');
    steering.set('metadata', '{"api_key":"sk-x"}');
    expect(await errorOf(await post('/v1/images/edits', steering, headers))).toMatchObject({
      param: 'metadata.api_key',
    });
    expect(app.litellm.posts()).toHaveLength(1);
  });
});

describe('bad requests', () => {
  const json = 'application/json';
  const cases: [string, BodyInit, string, number, string][] = [
    ['no body', '', json, 400, 'malformed_json'],
    ['malformed JSON', '{"model":', json, 400, 'malformed_json'],
    [
      'invalid UTF-8',
      new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      json,
      400,
      'malformed_json',
    ],
    ['a byte order mark', '\ufeff{"model":"demo"}', json, 400, 'malformed_json'],
    ['a list', '[1]', json, 400, 'body_not_an_object'],
    ['null', 'null', json, 400, 'body_not_an_object'],
    ['no model', '{"messages":[]}', json, 400, 'model_missing'],
    ['an empty model', '{"model":""}', json, 400, 'model_missing'],
    ['a number as model', '{"model":5}', json, 400, 'field_invalid'],
    ['two models in one', '{"model":"demo,secret"}', json, 400, 'field_invalid'],
    ['CRLF in the model', '{"model":"demo\\r\\nx: y"}', json, 400, 'field_invalid'],
    ['an over-long model', JSON.stringify({ model: 'x'.repeat(257) }), json, 400, 'field_invalid'],
    ['text as stream', '{"model":"demo","stream":"yes"}', json, 400, 'field_invalid'],
    ['text as messages', '{"model":"demo","messages":"hi"}', json, 400, 'field_invalid'],
    ['text as metadata', '{"model":"demo","metadata":"{}"}', json, 400, 'field_invalid'],
    ['a form on a JSON route', '--x--', 'multipart/form-data; boundary=x', 415, 'media_type_unsupported'],
    ['an encoded form', 'model=demo', 'application/x-www-form-urlencoded', 415, 'media_type_unsupported'],
  ];
  it.each(cases)('%s', async (_name, body, type, status, code) => {
    const response = await fetch(`${app.url}/v1/chat/completions`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key.value}`, 'content-type': type },
    });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, message: expect.stringMatching(/\w/) });
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('a compressed body', async () => {
    const response = await post('/v1/chat/completions', gzipSync(JSON.stringify(chat)), {
      'content-encoding': 'gzip',
    });
    expect(response.status).toBe(415);
  });

  it('a body over 32 MiB gets a readable answer, announced or not', async () => {
    const announced = await post('/v1/chat/completions', 'x'.repeat(33 * 1024 * 1024));
    expect(announced.status).toBe(413);
    expect((await errorOf(announced)).code).toBe('body_too_large');
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key.value}`, 'content-type': json };
      const request = httpRequest(
        `${app.url}/v1/chat/completions`,
        { method: 'POST', headers },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      for (let index = 0; index < 34; index += 1) request.write(Buffer.alloc(1024 * 1024, 32));
      request.end();
    });
    expect(status).toBe(413);
  });

  it.each([
    [
      'headers that are too large',
      `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(40_000)}\r\n\r\n`,
      431,
    ],
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
  ])('%s', async (_name, text, status) => {
    expect(await raw(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

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
    expect(((await doubled.json()) as ErrorBody).error.message).toMatch(/\/v1 twice/);
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
    const ids = (await openai(limited.value).models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(['demo', 'openai/gpt-4o-mini']);
    const page = await anthropic(limited.value).models.list();
    expect(page.data).toMatchObject([
      { id: 'demo', type: 'model' },
      { id: 'openai/gpt-4o-mini', type: 'model' },
    ]);
    expect((await openai(limited.value).models.retrieve('openai/gpt-4o-mini')).id).toBe('openai/gpt-4o-mini');
    await expect(openai(limited.value).models.retrieve('gpt-4o')).rejects.toThrow(OpenAI.NotFoundError);
    const nothing = await app.createKey({ models: ['no-default-models'] });
    expect((await openai(nothing.value).models.list()).data).toEqual([]);
  });

  it('says which LiteLLM it comes from', async () => {
    const { headers } = await fetch(`${app.url}/v1/models`, {
      headers: { authorization: `Bearer ${key.value}` },
    });
    expect(headers.get('x-litellm-version')).toBe('1.103.1');
    expect(headers.get('x-signalbox-models')).toBe('litellm');
  });
});

describe('fuzz', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const fuzzedBody = fc.oneof(
    fc.json(),
    text,
    fc
      .record({
        model: fc.jsonValue(),
        messages: fc.jsonValue(),
        stream: fc.jsonValue(),
        metadata: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  const fuzzedPath = fc.oneof(
    fc.constantFrom('/v1/chat/completions', '/v1/messages', '/v1/audio/transcriptions', '/v1/models/x'),
    fc.webPath(),
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((one) => `/v1/models/${encodeURIComponent(one)}`),
  );
  const type = fc.constantFrom(
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    'nonsense',
  );

  it('of paths and bodies never gives a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fuzzedPath,
        fuzzedBody,
        type,
        fc.constantFrom('POST', 'GET', 'PUT'),
        async (path, body, contentType, method) => {
          const response = await fetch(app.url + path, {
            method,
            headers: { authorization: `Bearer ${key.value}`, 'content-type': contentType },
            ...(method === 'GET' ? {} : { body }),
          });
          await response.arrayBuffer();
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
