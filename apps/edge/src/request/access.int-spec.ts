import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, errorOf } from '../../../../test/support/edge-client';
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
    const response = await client.post('/v1/chat/completions', chat, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({ code, type: 'authentication_error' });
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('is taken from x-api-key too', async () => {
    const response = await client.post('/v1/chat/completions', chat, {
      authorization: '',
      'x-api-key': key.value,
    });
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
        (await client.post('/v1/chat/completions', chat, { authorization: `Bearer ${unknown}` })).status ===
        401,
      {
        deadlineMs: 3_000,
        what: 'the removed key to be unknown',
      },
    );
    await expect(as({ value: unknown }).openai.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(as({ value: unknown }).anthropic.models.list()).rejects.toThrow(
      Anthropic.AuthenticationError,
    );
    const response = await client.post('/v1/chat/completions', chat, { authorization: `Bearer ${unknown}` });
    expect((await errorOf(response)).code).toBe('key_unknown');
  });

  it('is expired by the clock, at each request', async () => {
    const soon = await app.createKey({ expires_at: new Date(Date.now() + 700).toISOString() });
    const headers = { authorization: `Bearer ${soon.value}` };
    expect((await client.post('/v1/chat/completions', chat, headers)).status).toBe(200);
    const refused = await waitUntil(
      async () => {
        const response = await client.post('/v1/chat/completions', chat, headers);
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
    await expect(as(limited).openai.chat.completions.create({ model: 'demo', messages: [] })).rejects.toThrow(
      OpenAI.PermissionDeniedError,
    );
    await expect(
      as(limited).anthropic.messages.create({ model: 'demo', messages: [], max_tokens: 1 }),
    ).rejects.toThrow(Anthropic.PermissionDeniedError);
    expect(app.litellm.posts()).toHaveLength(0);
    const allowed = await as(limited).openai.chat.completions.create({ model: 'openai/x', messages: [] });
    expect(allowed.object).toBe('chat.completion');
  });

  it.each([
    ['api_base', { api_base: 'http://evil' }, 'api_base'],
    ['metadata', { metadata: { user_api_key_team_id: 'ws_2' } }, 'metadata.user_api_key_team_id'],
    ['extra_body', { extra_body: { model: 'secret' } }, 'extra_body.model'],
    ['models', { models: ['secret'] }, 'models'],
  ])('refuses %s in the body', async (_name, fields, param) => {
    const response = await client.post('/v1/chat/completions', { ...chat, ...fields });
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
    expect((await client.post('/v1/audio/transcriptions', form('gpt-4o'), headers)).status).toBe(200);
    expect((await client.post('/v1/audio/transcriptions', form('demo'), headers)).status).toBe(403);
    const twice = form('gpt-4o');
    twice.append('model', 'demo');
    const response = await client.post('/v1/audio/transcriptions', twice, headers);
    expect(await errorOf(response)).toMatchObject({ code: 'malformed_form' });
    const steering = form('gpt-4o');
    steering.set('metadata', '{"api_key":"sk-x"}');
    expect(await errorOf(await client.post('/v1/images/edits', steering, headers))).toMatchObject({
      param: 'metadata.api_key',
    });
    expect(app.litellm.posts()).toHaveLength(1);
  });
});
