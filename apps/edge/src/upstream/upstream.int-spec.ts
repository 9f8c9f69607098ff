import { request as httpRequest, type IncomingMessage } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';
import { replyTo } from '../../../../test/stand-ins/provider-answers';

let app: EdgeApp;
let key: TestKey;

beforeEach(async () => {
  app = await openEdgeApp({ drainLimitMs: 1_000 });
  key = await app.createKey();
});
afterEach(() => app.close());

const messages = [{ role: 'user' as const, content: 'hello' }];
const openai = (maxRetries = 0): OpenAI =>
  new OpenAI({ apiKey: key.value, baseURL: `${app.url}/v1`, maxRetries });
const anthropic = (): Anthropic => new Anthropic({ apiKey: key.value, baseURL: app.url, maxRetries: 0 });

function post(path: string, body: object): Promise<Response> {
  return fetch(app.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.value}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function errorOf(response: Response): Promise<{ code: string; type: string; message: string }> {
  return ((await response.json()) as { error: { code: string; type: string; message: string } }).error;
}

async function streamedText(): Promise<string> {
  let text = '';
  for await (const chunk of await openai().chat.completions.create({
    model: 'demo',
    messages,
    stream: true,
  })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  return text;
}

async function plainText(): Promise<string> {
  const answer = await openai().chat.completions.create({ model: 'demo', messages });
  return answer.choices[0]?.message.content ?? '';
}

/** A streamed chat without an SDK, whose reading the test controls. */
function openStream(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key.value}`, 'content-type': 'application/json' };
    const request = httpRequest(
      `${app.url}/v1/chat/completions`,
      { method: 'POST', headers, agent: false },
      resolve,
    );
    request.on('error', reject);
    request.end(JSON.stringify({ model: 'demo', messages, stream: true }));
  });
}

describe('the blue/green switch', () => {
  it.each(['after the runner was told', 'before it was told'])(
    'drops nothing of 20 clients when the old LiteLLM stops accepting %s',
    async (order) => {
      const state = { isOver: false };
      const results = { good: 0, bad: [] as string[] };
      const client = async (ask: () => Promise<string>): Promise<void> => {
        while (!state.isOver) {
          const text = await ask().catch((error: unknown) => String(error));
          if (text === replyTo('hello')) results.good += 1;
          else results.bad.push(text);
        }
      };
      app.litellm.behaviour = { kind: 'slow', everyMs: 5 };
      const clients = Array.from({ length: 20 }, (_, index) =>
        client(index % 2 === 0 ? plainText : streamedText),
      );
      let old = app.litellm;
      for (let round = 0; round < 4; round += 1) {
        const next = await app.startLitellm();
        next.behaviour = { kind: 'slow', everyMs: 5 };
        const seen = results.good;
        await waitUntil(() => results.good > seen + 40, { deadlineMs: 10_000, what: 'traffic' });
        // A well-behaved runner waits for the acknowledgement; one whose patience is over does not.
        const drained = order === 'before it was told' ? old.drain() : null;
        app.runner.activate(next, round % 2 === 0 ? 'green' : 'blue');
        if (!drained) await app.runner.acknowledgement();
        await (drained ?? old.drain());
        old = next;
      }
      const seen = results.good;
      await waitUntil(() => results.good > seen + 40, {
        deadlineMs: 10_000,
        what: 'traffic after the last switch',
      });
      state.isOver = true;
      await Promise.all(clients);
      expect(results.bad).toEqual([]);
      expect(app.litellm.posts().length).toBeGreaterThan(0);
    },
    30_000,
  );

  it('repeats what the old LiteLLM dropped unanswered, once another one is in place', async () => {
    const green = await app.startLitellm();
    app.litellm.behaviour = { kind: 'hang' };
    const answer = plainText();
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    app.runner.activate(green, 'green');
    await app.runner.acknowledgement();
    await app.litellm.kill();
    expect(await answer).toBe(replyTo('hello'));
  });

  it('does not repeat what the same LiteLLM dropped: the provider may have been called', async () => {
    app.litellm.behaviour = { kind: 'reset' };
    const response = await post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe('litellm_no_answer');
    expect(app.litellm.posts()).toHaveLength(1);
  });

  it('lets streams in flight finish on the old LiteLLM', async () => {
    const green = await app.startLitellm();
    app.litellm.behaviour = { kind: 'slow', everyMs: 30 };
    const answer = streamedText();
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    app.runner.activate(green, 'green');
    await app.runner.acknowledgement();
    await app.litellm.drain();
    expect(await answer).toBe(replyTo('hello'));
    expect(await plainText()).toBe(replyTo('hello'));
    expect(green.posts()).toHaveLength(1);
  });
});

describe('LiteLLM down', () => {
  it('is a retryable 503 in both dialects, and known lists of models are still shown', async () => {
    expect((await openai().models.list()).data).toHaveLength(3);
    await app.litellm.kill();
    app.runner.activate(null);
    const response = await post('/v1/chat/completions', { model: 'demo', messages });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await errorOf(response)).code).toBe('litellm_unavailable');
    await expect(
      anthropic().messages.create({ model: 'demo', messages, max_tokens: 1 }),
    ).rejects.toMatchObject({
      status: 503,
      type: 'overloaded_error',
    });
    const list = await fetch(`${app.url}/v1/models`, { headers: { authorization: `Bearer ${key.value}` } });
    expect([list.status, list.headers.get('x-signalbox-models')]).toEqual([200, 'memory']);
    expect((await fetch(`${app.url}/health/readiness`)).status).toBe(503);
  });

  it('before it was ever seen: the list comes from the catalogue', async () => {
    await app.litellm.kill();
    app.runner.activate(null);
    await app.projection.write('catalogue', 'current', {
      release_id: 'rel_1',
      release_number: 1,
      models: [{ name: 'demo', mode: 'chat', deployment_ids: ['dep_1'] }],
    });
    const list = await waitUntil(
      async () => {
        const response = await fetch(`${app.url}/v1/models`, {
          headers: { authorization: `Bearer ${key.value}` },
        });
        return response.ok ? response : null;
      },
      { deadlineMs: 2_000, what: 'the catalogue' },
    );
    expect(list.headers.get('x-signalbox-models')).toBe('catalogue');
    expect(await list.json()).toMatchObject({ data: [{ id: 'demo' }] });
  });

  it('refusing connections while the runner has not noticed: bounded wait, then 503', async () => {
    await app.litellm.kill();
    const startMs = performance.now();
    const response = await post('/v1/chat/completions', { model: 'demo', messages });
    expect(response.status).toBe(503);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('a request waits for the LiteLLM that is about to be active', async () => {
    app.runner.activate(null);
    app.runner.announceCandidate('verifying');
    await app.runner.acknowledgement();
    const answer = plainText();
    const green = await app.startLitellm();
    await waitUntil(() => app.logs.some(({ message }) => message === 'LiteLLM switched'), {
      deadlineMs: 1_000,
      what: 'the edge',
    });
    app.runner.activate(green, 'green');
    expect(await answer).toBe(replyTo('hello'));
  });

  it('the runner away: LiteLLM goes on being used', async () => {
    await app.runner.close();
    await waitUntil(
      async () => (await (await fetch(`${app.url}/health/readiness`)).text()).includes('runner'),
      {
        deadlineMs: 3_000,
        what: 'the edge to notice',
      },
    );
    expect(await plainText()).toBe(replyTo('hello'));
    expect((await fetch(`${app.url}/health/readiness`)).status).toBe(200);
  });
});

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
      for await (const chunk of await openai().chat.completions.create({
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
      for await (const _event of await openai().responses.create({
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
      const stream = await anthropic().messages.create({
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
    const response = await post('/v1/chat/completions', { model: 'demo', messages, stream: true });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe('stream_interrupted');
  });

  it('in the middle of a plain answer breaks the connection', async () => {
    const body = Buffer.from('{"choices":[');
    const headers = { 'content-type': 'application/json', 'content-length': '1000' };
    app.litellm.behaviour = { kind: 'torn', status: 200, headers, body };
    await expect(
      post('/v1/chat/completions', { model: 'demo', messages }).then((response) => response.text()),
    ).rejects.toThrow();
  }, 15_000);
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
    const response = await post('/v1/chat/completions', { model: 'demo', messages });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(response.headers.get('llm_provider-x-secret')).toBeNull();
    expect(await response.json()).toEqual({ error });
    await expect(
      anthropic().messages.create({ model: 'demo', messages, max_tokens: 1 }),
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
    await expect(openai(2).chat.completions.create({ model: 'demo', messages })).rejects.toThrow(
      OpenAI.RateLimitError,
    );
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
    const response = await post('/v1/chat/completions', { model: 'demo', messages });
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
    const response = await post('/v1/messages', { model: 'demo', messages, max_tokens: 1 });
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
    const stream = await openStream();
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await waitUntil(() => app.litellm.posts()[0]?.isAborted, {
      deadlineMs: 1_000,
      what: 'the stream to be cancelled',
    });
    app.litellm.behaviour = { kind: 'hang' };
    const controller = new AbortController();
    const call = openai().chat.completions.create({ model: 'demo', messages }, { signal: controller.signal });
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
    const streams = await Promise.all([openStream(), openStream(), openStream()]);
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
    const answer = streamedText();
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
    const answer = streamedText();
    const outcome = answer.catch((error: unknown) => error);
    await waitUntil(() => app.litellm.posts().length === 1, {
      deadlineMs: 2_000,
      what: 'the call to arrive',
    });
    await app.edge.close();
    expect(await outcome).toBeInstanceOf(OpenAI.APIError);
  });
});
