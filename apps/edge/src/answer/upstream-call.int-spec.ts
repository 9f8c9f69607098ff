import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {
  chunkedEventStreamHead,
  eventStreamHead,
  httpChunk,
  jsonAnswer,
  pause,
  RelayedCall,
  type Script,
} from '../../../../test/support/relayed-call';
import { waitUntil } from '../../../../test/support/wait-until';
import type { AttemptFailure, ReadyAnswer } from './answer-start';

let relayed: RelayedCall;
beforeEach(async () => {
  relayed = await RelayedCall.open();
});
afterEach(() => relayed.close());

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (type: string, more: object = {}): string => `event: ${type}\n${data({ type, ...more })}`;
const chunk = (content: string): string =>
  data({ id: 'c', model: 'm-1', choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const done = 'data: [DONE]\n\n';
// Put together, so that no file holds what looks like a key.
const canary = ['sk-proj', 'canary0123456789abcdef'].join('-');
const good = {
  id: 'c',
  model: 'm-1',
  choices: [{ message: { role: 'assistant', content: 'hi' } }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
};

const send =
  (...parts: string[]): Script =>
  async (socket) => {
    for (const part of parts) {
      socket.write(part);
      await pause(3);
    }
    socket.end();
  };
/** A reset throws away what the other side has not read yet: so it waits until that has been seen, if it is to be seen. */
const reset =
  (...parts: string[]): Script =>
  async (socket) => {
    for (const part of parts) socket.write(part);
    for (let count = 0; count < 10 && !relayed.seen.start; count += 1) await pause(10);
    socket.resetAndDestroy();
  };
const hang =
  (...parts: string[]): Script =>
  (socket) => {
    for (const part of parts) socket.write(part);
  };

const post = (path = '/v1/chat/completions', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(relayed.url + path, { method: 'POST', body: '{}', headers });
const text = async (path?: string): Promise<string> => (await post(path)).text();

async function failure(path?: string): Promise<AttemptFailure> {
  await text(path);
  const { start } = relayed.seen;
  if (start?.kind !== 'failed') throw new Error(`expected a failure, got ${JSON.stringify(start)}`);
  return start.failure;
}

const end = (): Promise<NonNullable<typeof relayed.seen.end>> =>
  waitUntil(() => relayed.seen.end, { deadlineMs: 2_000, what: 'the end of the answer' });

describe('a good answer', () => {
  it('in one piece goes on byte for byte, with its usage', async () => {
    relayed.options = { isStream: false, provider: 'openrouter' };
    const usage = { ...good.usage, cost: 0.0001 };
    relayed.script = hang(
      jsonAnswer({ ...good, usage }, '200 OK', 'x-ratelimit-limit: 1\r\nset-cookie: a=b\r\n'),
    );
    const response = await post();
    expect(await response.json()).toEqual({ ...good, usage });
    expect(response.headers.get('x-signalbox-route')).toBe('direct');
    for (const name of ['x-ratelimit-limit', 'set-cookie']) expect(response.headers.get(name)).toBeNull();
    expect(await end()).toMatchObject({
      complete: true,
      clientGone: false,
      problem: null,
      upstreamModel: 'm-1',
    });
    expect(relayed.seen.end?.usage).toMatchObject({ prompt_tokens: 3, provider_cost_nano_usd: 100_000 });
    expect(relayed.seen.end?.bytesOut).toBe(JSON.stringify({ ...good, usage }).length);
    expect(await (await post()).json()).toEqual({ ...good, usage });
    expect(relayed.connections).toBe(1);
  });

  it('streamed waits for its first data, and keeps what came before', async () => {
    relayed.script = async (socket) => {
      socket.write(`${eventStreamHead}: OPENROUTER PROCESSING\n\n`);
      await pause(50);
      expect(relayed.seen.start).toBeNull();
      socket.end(chunk('hi') + data({ choices: [], usage: good.usage }) + done);
    };
    expect(await text()).toBe(
      `: OPENROUTER PROCESSING\n\n${chunk('hi')}${data({ choices: [], usage: good.usage })}${done}`,
    );
    expect(await end()).toMatchObject({
      complete: true,
      usage: { prompt_tokens: 3, completion_tokens: 2 },
      problem: null,
    });
  });

  it('streamed ends with its last event, whether the upstream closes or not', async () => {
    relayed.script = hang(eventStreamHead, chunk('hi'), done);
    expect(await text()).toBe(chunk('hi') + done);
    await waitUntil(() => relayed.seen.upstreamClosed, {
      deadlineMs: 3_000,
      what: 'the connection to be let go',
    });
  });

  it('that begins without a word is passed on before long', async () => {
    const role = data({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] });
    let isShown = false;
    relayed.script = async (socket) => {
      socket.write(eventStreamHead + role);
      await waitUntil(() => isShown, { deadlineMs: 2_000, what: 'the head' });
      socket.end(chunk('hi') + done);
    };
    const response = await post();
    isShown = true;
    expect(await response.text()).toBe(role + chunk('hi') + done);
  });

  it('keeps the usage from a client that did not ask', async () => {
    relayed.options = { hidesUsage: true };
    relayed.script = send(eventStreamHead, chunk('hi'), data({ choices: [], usage: good.usage }), done);
    expect(await text()).toBe(chunk('hi') + done);
    expect((await end()).usage).toMatchObject({ prompt_tokens: 3 });
  });

  it.each(['gzip', 'identity'])(
    'compressed is read, and passed on as the client likes it: %s',
    async (accepted) => {
      relayed.options = { isStream: false };
      const packed = gzipSync(JSON.stringify(good));
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`;
      relayed.script = (socket) => void socket.write(Buffer.concat([Buffer.from(head), packed]));
      const response = await post('/v1/chat/completions', { 'accept-encoding': accepted });
      expect(response.headers.get('content-encoding')).toBe(accepted === 'gzip' ? 'gzip' : null);
      expect(await response.json()).toEqual(good);
      expect(await end()).toMatchObject({ complete: true, usage: { prompt_tokens: 3 } });
      expect(relayed.seen.end?.bytesOut).toBe(
        accepted === 'gzip' ? packed.length : JSON.stringify(good).length,
      );
    },
  );

  it('of sound goes on as it comes; cut, it breaks the connection', async () => {
    relayed.options = { isStream: false };
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 8\r\n\r\n';
    relayed.script = hang(head, 'abcd', 'efgh');
    expect(await text('/v1/audio/speech')).toBe('abcdefgh');
    relayed.script = reset(head, 'abcd');
    await expect(text('/v1/audio/speech')).rejects.toThrow();
    await waitUntil(() => relayed.seen.end?.problem, { deadlineMs: 2_000, what: 'the end' });
    expect(relayed.seen.end).toMatchObject({ complete: false, clientGone: false });
  });

  it('of a transcription may be text', async () => {
    relayed.options = { isStream: false };
    relayed.script = send(
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n',
      'hello',
    );
    expect(await text('/v1/audio/transcriptions')).toBe('hello');
  });
});

describe('what is no answer fails before the client has seen a byte', () => {
  const html = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>';
  const streams: [string, Script, string][] = [
    ['reset without a byte', (socket) => void socket.resetAndDestroy(), 'no_answer'],
    ['not HTTP', send('hello\r\n\r\n'), 'invalid_answer'],
    ['HTML', send(html), 'invalid_answer'],
    ['JSON', send(jsonAnswer(good)), 'invalid_answer'],
    ['JSON with an error', send(jsonAnswer({ error: { message: 'x', code: 429 } })), 'rate_limited'],
    ['nothing', send(eventStreamHead), 'invalid_answer'],
    ['only comments', send(eventStreamHead, ': a\n\n', ': b\n\n'), 'invalid_answer'],
    ['only the end', send(eventStreamHead, done), 'invalid_answer'],
    ['an event that is not JSON', send(eventStreamHead, 'data: <html>\n\n'), 'invalid_answer'],
    ['cut in the first event', reset(eventStreamHead, chunk('hi').slice(0, 20)), 'invalid_answer'],
    ['an error first', send(eventStreamHead, data({ error: { message: 'x', code: '500' } })), 'error_event'],
    [
      'an error of the key first',
      send(eventStreamHead, data({ error: { message: canary, code: 401 } })),
      'credential_refused',
    ],
    [
      'a limit first',
      send(eventStreamHead, ': c\n\n', data({ choices: [], error: { message: 'x', code: 429 } })),
      'rate_limited',
    ],
    ['a redirect', send('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'), 'invalid_answer'],
  ];
  it.each(streams)('streamed: %s', async (_name, script, reason) => {
    relayed.script = script;
    const failed = await failure();
    expect(failed.reason).toBe(reason);
    expect(failed.phase).toBe(reason === 'no_answer' ? 'no_answer' : 'answered');
    expect(JSON.stringify(failed)).not.toContain('canary');
  });

  const short = jsonAnswer(good).replace(/content-length: \d+/, 'content-length: 9999');
  const wholes: [string, Script, string][] = [
    ['reset in the middle', reset(short), 'invalid_answer'],
    ['cut in the middle', send(short), 'invalid_answer'],
    ['torn JSON', send(jsonAnswer(JSON.stringify(good).slice(0, -5))), 'invalid_answer'],
    ['nothing', send(jsonAnswer('')), 'invalid_answer'],
    ['a list', send(jsonAnswer('[]')), 'invalid_answer'],
    ['another object', send(jsonAnswer({ detail: 'x' })), 'invalid_answer'],
    ['HTML', send(html), 'invalid_answer'],
    ['events', send(eventStreamHead, chunk('hi'), done), 'invalid_answer'],
    ['torn gzip', send(jsonAnswer('xxxx', '200 OK', 'content-encoding: gzip\r\n')), 'invalid_answer'],
    ['an error in a 200', send(jsonAnswer({ error: { message: 'x', code: 402 } })), 'payment_required'],
    ['no content', send('HTTP/1.1 204 No Content\r\n\r\n'), 'invalid_answer'],
  ];
  it.each(wholes)('in one piece: %s', async (_name, script, reason) => {
    relayed.options = { isStream: false };
    relayed.script = script;
    expect((await failure()).reason).toBe(reason);
  });

  it('refused: it was not sent', async () => {
    await relayed.stopUpstream();
    expect(await failure()).toMatchObject({ reason: 'connect_error', phase: 'not_sent', status: null });
  });

  it.each([
    ['refused', 'litellm_unavailable'],
    ['reset', 'litellm_no_answer'],
    ['cut', 'litellm_no_answer'],
  ])('LiteLLM itself is down: %s', async (how, code) => {
    relayed.options = { via: 'litellm' };
    if (how === 'refused') await relayed.stopUpstream();
    relayed.script =
      how === 'reset' ? (socket) => void socket.resetAndDestroy() : reset(chunkedEventStreamHead);
    const failed = await failure();
    expect(failed).toMatchObject({ reason: 'litellm_down', shown: { body: { error: { code } } } });
  });

  it.each([
    ['before the head', hang(), 'no_answer'],
    ['after the head', hang(eventStreamHead), 'answered'],
    ['in comments', hang(eventStreamHead, ': a\n\n'), 'answered'],
  ])('too slow: %s', async (_where, script, phase) => {
    relayed.options = { firstByteTimeoutMs: 80 };
    relayed.script = script;
    expect(await failure()).toMatchObject({ reason: 'first_byte_timeout', phase });
    await waitUntil(() => relayed.seen.upstreamClosed, {
      deadlineMs: 1_000,
      what: 'the upstream to be left',
    });
  });

  it('in one piece, it may not stand still', async () => {
    relayed.options = { isStream: false, idleTimeoutMs: 80 };
    relayed.script = hang(short);
    expect(await failure()).toMatchObject({ reason: 'first_byte_timeout', phase: 'answered' });
  });
});

describe('an error with a status', () => {
  it('is shown in the dialect of the client, without secrets', async () => {
    const error = {
      message: `bad ${canary}`,
      type: 'invalid_request_error',
      code: 'unknown_parameter',
      param: canary,
      inner: { raw: canary },
    };
    relayed.script = hang(jsonAnswer({ error, user_id: canary }, '400 Bad Request'));
    const openai = await failure();
    expect(openai).toMatchObject({ reason: 'client_error', status: 400, shown: { status: 400 } });
    expect(openai.shown?.body).toMatchObject({ error: { code: 'unknown_parameter', inner: {} } });
    const anthropic = await failure('/v1/messages');
    expect(anthropic.shown?.body).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: 'req_1',
    });
    for (const failed of [openai, anthropic]) expect(JSON.stringify(failed)).not.toContain('canary');
  });

  it.each([
    ['openai', '/v1/chat/completions', 503],
    ['anthropic', '/v1/messages', 529],
  ])('529 is known to %s', async (_dialect, path, status) => {
    relayed.script = send(
      jsonAnswer({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }, '529 X'),
    );
    expect(await failure(path)).toMatchObject({ reason: 'provider_error', status: 529, shown: { status } });
  });

  it.each([
    ['7', 7_000, '7', undefined],
    ['120', 120_000, '120', 'false'],
    ['999999999', null, undefined, undefined],
    ['soon', null, undefined, undefined],
  ])('has its Retry-After if that is sane: %s', async (value, retryAfterMs, shown, shouldRetry) => {
    relayed.script = send(jsonAnswer({ error: { message: 'x' } }, '429 X', `retry-after: ${value}\r\n`));
    const failed = await failure();
    expect(failed).toMatchObject({ reason: 'rate_limited', retryAfterMs });
    expect([failed.shown?.headers['retry-after'], failed.shown?.headers['x-should-retry']]).toEqual([
      shown,
      shouldRetry,
    ]);
  });

  it.each([
    ['without a body', hang('HTTP/1.1 503 X\r\ncontent-length: 100\r\n\r\n')],
    ['torn', reset('HTTP/1.1 503 X\r\ncontent-length: 100\r\n\r\n{"er')],
    ['of HTML', send('HTTP/1.1 503 X\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>')],
    ['without end', hang(`HTTP/1.1 503 X\r\n\r\n${'x'.repeat(300_000)}`)],
  ])('counts by its status: %s', async (_how, script) => {
    relayed.options = { idleTimeoutMs: 100 };
    relayed.script = script;
    const failed = await failure();
    expect(failed).toMatchObject({ reason: 'provider_error', status: 503, shown: { status: 503 } });
    expect(JSON.stringify(failed.shown)).not.toContain('html');
  });

  it('of the provider key is never the client’s', async () => {
    relayed.script = send(
      jsonAnswer({ error: { message: `Incorrect API key provided: ${canary}` } }, '401 X'),
    );
    const failed = await failure();
    expect(failed).toMatchObject({ reason: 'credential_refused', status: 401, shown: { status: 502 } });
    expect(JSON.stringify(failed)).not.toContain('canary');
  });

  it('of our own context is LiteLLM’s and ours', async () => {
    relayed.options = { via: 'litellm' };
    relayed.script = send(jsonAnswer({ error: { message: 'x', type: 'signalbox_context_error' } }, '401 X'));
    expect(await failure()).toMatchObject({
      reason: 'litellm_error',
      ownMark: 'signalbox_context_error',
      shown: { status: 503, body: { error: { code: 'litellm_refused_context' } } },
    });
  });
});

describe('a stream that breaks after its first data ends with an error', () => {
  const last = (body: string): string => body.slice(body.lastIndexOf('\n\n', body.length - 3) + 2);

  const delta = named('response.output_text.delta', { delta: 'hi' });
  const anthropic =
    named('message_start', { message: { model: 'm-1', usage: { input_tokens: 3 } } }) +
    named('content_block_delta', { delta: { text: 'hi' } });
  const error = { message: `broke ${canary}`, type: 'server_error', code: 500 };
  const routes: [string, string, string, RegExp][] = [
    [
      '/v1/chat/completions',
      chunk('hi'),
      data({ error, choices: [{ delta: {}, finish_reason: 'error' }] }),
      /^data: \{"error":\{"message":/,
    ],
    [
      '/v1/responses',
      delta,
      named('error', error) + named('response.failed') + done,
      /^event: error\ndata: \{"error":\{"message":/,
    ],
    [
      '/v1/messages',
      anthropic,
      data({ error }),
      /^event: error\ndata: \{"type":"error","error":\{"type":"api_error"/,
    ],
  ];

  it.each(routes)('%s: an error of the upstream', async (path, start, bad, shape) => {
    relayed.script = send(eventStreamHead, start, bad);
    const body = await text(path);
    expect(body.startsWith(start)).toBe(true);
    expect(last(body)).toMatch(shape);
    expect(body).toContain('broke');
    for (const word of ['canary', '[DONE]', 'response.failed', 'choices":[{"delta":{}'])
      expect(body).not.toContain(word);
    expect(await end()).toMatchObject({
      complete: false,
      problem: 'error event: provider_error',
      brokenBy: 'error',
      clientGone: false,
    });
  });

  it.each(routes)('%s: reset, cut, idle, too long', async (path, start, _bad, shape) => {
    const drip: Script = async (socket) => {
      socket.write(eventStreamHead + start);
      for (let count = 0; count < 100 && !socket.destroyed; count += 1) {
        socket.write(': drip\n\n');
        await pause(20);
      }
    };
    const scripts: [Script, object, string][] = [
      [
        reset(chunkedEventStreamHead, httpChunk(start), '99\r\ndata: {"cho'),
        {},
        'connection: .*(other side closed|ECONNRESET|terminated)',
      ],
      [send(eventStreamHead, start, 'data: {"cho'), {}, 'cut: '],
      [hang(eventStreamHead, start), { idleTimeoutMs: 80 }, 'time: no event for too long'],
      [drip, { totalTimeoutMs: 100 }, 'time: the stream took too long'],
      // Bytes that never become an event are no sign of life.
      [
        async (socket) => {
          socket.write(`${eventStreamHead}${start}data: `);
          for (let count = 0; count < 100 && !socket.destroyed; count += 1) {
            socket.write('x');
            await pause(20);
          }
        },
        { idleTimeoutMs: 80 },
        'time: no event for too long',
      ],
    ];
    for (const [script, options, problem] of scripts) {
      relayed.seen.end = null;
      relayed.script = script;
      relayed.options = options;
      const body = await text(path);
      expect(body.startsWith(start)).toBe(true);
      expect(last(body)).toMatch(
        shape.source.includes('api_error') ? /^event: error\ndata: \{"type":"error"/ : shape,
      );
      expect(last(body)).toContain('stream_interrupted');
      expect(body).not.toMatch(/\[DONE\]|xxx|"cho$/m);
      const { problem: told, brokenBy } = await end();
      expect(`${brokenBy}: ${told}`).toMatch(new RegExp(problem));
    }
  });

  it('in the SDKs it raises, with what came before', async () => {
    const openai = new OpenAI({ apiKey: 'x', baseURL: `${relayed.url}/v1`, maxRetries: 0 });
    const claude = new Anthropic({ apiKey: 'x', baseURL: relayed.url, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const seen: string[] = [];
    const read = async (stream: Promise<AsyncIterable<unknown>>): Promise<void> => {
      for await (const event of await stream) seen.push(JSON.stringify(event));
    };
    for (const bad of ['error', 'cut']) {
      const rest = (at: number): string => (bad === 'error' ? (routes[at]?.[2] ?? '') : '');
      relayed.script = send(eventStreamHead, chunk('hi'), rest(0));
      const chat = openai.chat.completions.create({ model: 'demo', messages, stream: true });
      await expect(read(chat)).rejects.toThrow(OpenAI.APIError);
      relayed.script = send(eventStreamHead, delta, rest(1));
      const answer = openai.responses.create({ model: 'demo', input: 'hello', stream: true });
      await expect(read(answer)).rejects.toThrow(OpenAI.APIError);
      relayed.script = send(eventStreamHead, anthropic, rest(2));
      const message = claude.messages.create({ model: 'demo', messages, max_tokens: 9, stream: true });
      await expect(read(message)).rejects.toThrow(Anthropic.APIError);
    }
    expect(seen.filter((event) => event.includes('hi'))).toHaveLength(6);
    expect(seen.join('')).not.toContain('canary');
  });
});

describe('a slow client', () => {
  it('is no reason to call the upstream idle', async () => {
    relayed.options = { idleTimeoutMs: 100 };
    const big = chunk('x'.repeat(1_000_000));
    const parts = Array.from({ length: 30 }, () => big);
    relayed.script = send(eventStreamHead, ...parts, done);
    const response = await post();
    const reader = response.body!.getReader();
    let size = 0;
    for (let count = 0; ; count += 1) {
      const { value, done: isOver } = await reader.read();
      if (isOver) break;
      size += (value as Uint8Array).length;
      if (count % 50 === 0) await pause(150);
    }
    expect(size).toBe(Buffer.byteLength(big) * 30 + done.length);
    expect(await end()).toMatchObject({ complete: true, bytesOut: size });
  }, 30_000);
});

describe('a call that nobody wants any more', () => {
  it('rejects with the reason, and ends the connection', async () => {
    relayed.script = hang();
    const response = post();
    await waitUntil(() => relayed.connections === 1, { deadlineMs: 1_000, what: 'the call' });
    relayed.seen.call?.abort(new Error('enough'));
    await expect(response).rejects.toThrow();
    expect(relayed.seen.rejected).toEqual(new Error('enough'));
    await waitUntil(() => relayed.seen.upstreamClosed, {
      deadlineMs: 1_000,
      what: 'the upstream to be left',
    });
  });

  it('in the middle of a stream ends it with an error', async () => {
    relayed.script = hang(eventStreamHead, chunk('hi'));
    const response = await post();
    relayed.seen.call?.abort(new Error('shutting down'));
    expect(await response.text()).toContain('stream_interrupted');
    expect(await end()).toMatchObject({
      complete: false,
      problem: 'shutting down',
      brokenBy: 'abort',
      clientGone: false,
    });
  });

  it('because the client has gone is left at once', async () => {
    relayed.script = hang(eventStreamHead, chunk('hi'));
    const controller = new AbortController();
    await fetch(`${relayed.url}/v1/chat/completions`, {
      method: 'POST',
      body: '{}',
      signal: controller.signal,
    });
    controller.abort();
    expect(await end()).toMatchObject({ complete: false, clientGone: true, problem: null });
    await waitUntil(() => relayed.seen.upstreamClosed, {
      deadlineMs: 1_000,
      what: 'the upstream to be left',
    });
  });

  it('may be discarded when it is ready', async () => {
    relayed.script = hang(eventStreamHead, chunk('hi'));
    let answer: ReadyAnswer | null = null;
    relayed.beforeRelay = () => {
      if (relayed.seen.start?.kind === 'good') answer = relayed.seen.start.answer;
      return new Promise(() => undefined);
    };
    const controller = new AbortController();
    const signal = controller.signal;
    void fetch(`${relayed.url}/v1/chat/completions`, { method: 'POST', body: '{}', signal }).catch(
      () => undefined,
    );
    (await waitUntil(() => answer, { deadlineMs: 1_000, what: 'the answer' })).discard();
    await waitUntil(() => relayed.seen.upstreamClosed, {
      deadlineMs: 1_000,
      what: 'the upstream to be left',
    });
    controller.abort();
  });

  it('that breaks while it waits for its client still ends with an error', async () => {
    relayed.script = reset(eventStreamHead, chunk('hi'));
    relayed.beforeRelay = () => pause(100);
    const body = await text();
    expect(body.startsWith(chunk('hi'))).toBe(true);
    expect(body).toContain('stream_interrupted');
  });
});
