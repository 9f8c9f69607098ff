import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';
import { replyTo } from '../../../../test/stand-ins/provider-answers';

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;

beforeEach(async () => {
  app = await openEdgeApp({ drainLimitMs: 1_000 });
  key = await app.createKey();
  client = new EdgeClient(app.url, key.value);
});
afterEach(() => app.close());

describe('a stream that is cut', () => {
  const cuts = [
    { kind: 'cut', afterEvents: 3, how: 'reset' },
    { kind: 'cut', afterEvents: 3, how: 'clean' },
    { kind: 'error_in_stream', afterEvents: 3 },
  ] as const;

  it.each(cuts)('raises in the OpenAI SDK (chat): %j', async (behaviour) => {
    app.litellm.behaviour = behaviour;
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of await client.openai.chat.completions.create({
        model: 'demo',
        messages,
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
    };
    await expect(read()).rejects.toThrow(OpenAI.APIError);
    expect(text).not.toBe('');
    expect(replyTo('hello')).toContain(text);
  });

  it.each(cuts)('raises in the OpenAI SDK (responses): %j', async (behaviour) => {
    app.litellm.behaviour = behaviour;
    const read = async (): Promise<void> => {
      for await (const _event of await client.openai.responses.create({
        model: 'demo',
        input: 'hello',
        stream: true,
      }));
    };
    await expect(read()).rejects.toThrow(OpenAI.APIError);
  });

  it.each(cuts)('raises in the Anthropic SDK: %j', async (behaviour) => {
    app.litellm.behaviour = behaviour;
    const read = async (): Promise<void> => {
      const stream = await client.anthropic.messages.create({
        model: 'demo',
        messages,
        max_tokens: 9,
        stream: true,
      });
      for await (const _event of stream);
    };
    await expect(read()).rejects.toThrow(Anthropic.APIError);
  });

  it('before its first event is an honest error with a status', async () => {
    app.litellm.behaviour = { kind: 'cut', afterEvents: 0, how: 'clean' };
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages, stream: true });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe('provider_answer_invalid');
  });

  it('in the middle of a plain answer is an honest error too: nothing of it was shown', async () => {
    const body = Buffer.from('{"choices":[');
    const headers = { 'content-type': 'application/json', 'content-length': '1000' };
    app.litellm.behaviour = { kind: 'torn', status: 200, headers, body };
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe('litellm_no_answer');
  });
});

describe('errors of LiteLLM', () => {
  const providerHeaders = { 'llm_provider-retry-after': '7', 'llm_provider-x-secret': 'x' };
  it('pass on with their status, and with the Retry-After of the provider', async () => {
    const error = {
      message: 'litellm.RateLimitError: slow down',
      type: 'throttling_error',
      param: 'None',
      code: '429',
    };
    app.litellm.behaviour = { kind: 'error', status: 429, body: { error }, headers: providerHeaders };
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(response.headers.get('llm_provider-x-secret')).toBeNull();
    const { message, code } = error;
    expect(await response.json()).toEqual({
      error: { message, code, type: 'rate_limit_error', param: null },
    });
    await expect(
      client.anthropic.messages.create({ model: 'demo', messages, max_tokens: 1 }),
    ).rejects.toMatchObject({
      status: 429,
      type: 'rate_limit_error',
    });
  });

  it('a long Retry-After does not hang the SDKs', async () => {
    const error = { message: 'budget', type: 'budget_exceeded', param: null, code: '429' };
    app.litellm.behaviour = {
      kind: 'error',
      status: 429,
      body: { error },
      headers: { 'retry-after': '3600' },
    };
    await expect(
      new EdgeClient(app.url, key.value, 2).openai.chat.completions.create({ model: 'demo', messages }),
    ).rejects.toThrow(OpenAI.RateLimitError);
    expect(app.litellm.posts()).toHaveLength(1);
  });

  it('a 401 is never the fault of the key: of the provider credential', async () => {
    const error = {
      message: 'litellm.AuthenticationError: bad key',
      type: 'authentication_error',
      param: null,
      code: '401',
    };
    app.litellm.behaviour = { kind: 'error', status: 401, body: { error } };
    const response = await client.post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'provider_credential_refused' });
  });

  it('a 401 is never the fault of the key: of our own signature', async () => {
    const error = {
      message: 'the signed context was refused',
      type: 'signalbox_context_error',
      param: null,
      code: '401',
    };
    app.litellm.behaviour = { kind: 'error', status: 401, body: { error } };
    const response = await client.post('/v1/messages', { model: 'demo', messages, max_tokens: 1 });
    expect(response.status).toBe(503);
    expect((await errorOf(response)).code).toBe('litellm_refused_context');
    expect(app.logs.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'LiteLLM refused our signed context', request_id: response.headers.get('x-request-id') },
    ]);
  });
});

describe('clients', () => {
  it('that go away end the call at once, streamed or not', async () => {
    app.litellm.behaviour = { kind: 'slow', everyMs: 20 };
    const stream = await client.openStream();
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await waitUntil(() => app.litellm.posts()[0]?.isAborted, {
      deadlineMs: 1_000,
      what: 'the stream to be cancelled',
    });
    app.litellm.behaviour = { kind: 'hang' };
    const controller = new AbortController();
    const call = client.openai.chat.completions.create(
      { model: 'demo', messages },
      { signal: controller.signal },
    );
    await waitUntil(() => app.litellm.posts().length === 2, {
      deadlineMs: 1_000,
      what: 'the call to arrive',
    });
    controller.abort();
    await expect(call).rejects.toThrow(OpenAI.APIUserAbortError);
    await waitUntil(() => app.litellm.posts()[1]?.isAborted, {
      deadlineMs: 1_000,
      what: 'the call to be cancelled',
    });
  });

  it('that read slowly slow LiteLLM down, and do not fill the memory', async () => {
    const megabyte = 1024 * 1024;
    app.litellm.behaviour = { kind: 'flood', bytes: 200 * megabyte };
    const streams = await Promise.all([client.openStream(), client.openStream(), client.openStream()]);
    for (const stream of streams) stream.pause();
    const sentBytes = (): number => app.litellm.posts().reduce((sum, call) => sum + call.sentBytes, 0);
    let last = -1;
    await waitUntil(
      () => {
        const [before, now] = [last, sentBytes()];
        last = now;
        return now > 0 && now === before;
      },
      { deadlineMs: 10_000, pollEveryMs: 300, what: 'the flood to stop' },
    );
    // Kernel buffers on the way hold a few megabytes per connection; the rest waits in LiteLLM.
    expect(sentBytes() / streams.length).toBeLessThan(20 * megabyte);
    const sizes = await Promise.all(
      streams.map(async (stream) => {
        let size = 0;
        for await (const chunk of stream as AsyncIterable<Buffer>) size += chunk.length;
        return size;
      }),
    );
    for (const size of sizes) expect(size).toBeGreaterThanOrEqual(200 * megabyte);
  }, 60_000);
});

describe('a stopping edge', () => {
  it('finishes what is in flight and takes nothing new', async () => {
    app.litellm.behaviour = { kind: 'slow', everyMs: 20 };
    const answer = client.streamedText();
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    const closed = app.edge.close();
    await expect(fetch(`${app.url}/health/liveliness`)).rejects.toThrow();
    expect(await answer).toBe(replyTo('hello'));
    await closed;
  });

  it('cuts what does not end in time, with an error event', async () => {
    app.litellm.behaviour = { kind: 'slow', everyMs: 400 };
    const answer = client.streamedText();
    const outcome = answer.catch((error: unknown) => error);
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    await app.edge.close();
    expect(await outcome).toBeInstanceOf(OpenAI.APIError);
  });
});
