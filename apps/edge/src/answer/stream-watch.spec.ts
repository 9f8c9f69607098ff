import fc from 'fast-check';
import { EventSplitter } from './event-splitter';
import type { StreamShape } from './stream-shape';
import { StreamWatch, type StreamWatchOptions } from './stream-watch';

const routes: Record<StreamShape, string> = {
  chat: 'chat_completions',
  responses: 'responses',
  messages: 'messages',
  other: 'image_generations',
};
const watchOf = (shape: StreamShape, more: Partial<StreamWatchOptions> = {}): StreamWatch =>
  new StreamWatch({ shape, routeName: routes[shape], hidesUsage: false, saysCost: true, ...more });

/** Cuts the text at the given places, and passes the pieces through. */
function pass(watch: StreamWatch, text: string, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text, 'utf8');
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const passed = places.slice(1).flatMap((end, index) => watch.push(bytes.subarray(places[index], end)));
  return Buffer.concat([...passed, ...watch.flush()]).toString('utf8');
}

/** Every cut into two pieces, and a few hundred into more. */
function withEveryCut(text: string, check: (cuts: readonly number[]) => void): void {
  for (let cut = 0; cut <= Buffer.byteLength(text); cut += 1) check([cut]);
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 12 }), check), { numRuns: 30 });
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (type: string, more: object = {}): string => `event: ${type}\n${data({ type, ...more })}`;
const chunk = (content: string, more: object = {}): string =>
  data({ model: 'm-1', choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more });
const role = data({ model: 'm-1', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] });
const done = 'data: [DONE]\n\n';
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
const counted = {
  prompt_tokens: 7,
  completion_tokens: 3,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  provider_cost_nano_usd: null,
};

const responses =
  named('response.created', { response: { model: 'm-1', error: null, usage: null } }) +
  named('response.output_text.delta', { delta: 'an "error" of "response.completed"' }) +
  named('response.completed', { response: { error: null, usage: { input_tokens: 7, output_tokens: 3 } } });
const anthropic =
  named('message_start', {
    message: { model: 'm-1', usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 1 } },
  }) +
  named('content_block_start', { content_block: { type: 'text', text: '' } }) +
  named('ping') +
  named('content_block_delta', { delta: { type: 'text_delta', text: 'message_stop error "usage": {' } }) +
  named('message_delta', { delta: {}, usage: { output_tokens: 3 } }) +
  named('message_stop');

const complete: [StreamShape, string][] = [
  ['chat', `${role}${chunk('hi')}${data({ choices: [], usage })}${done}`],
  [
    'chat',
    `: OPENROUTER PROCESSING\n\n${chunk('é [DONE] "error": "usage": {', { usage: null })}${chunk('', { usage })}${done}`,
  ],
  [
    'chat',
    `: c\r\n\r\n${chunk('hi', { usage })}data:[DONE]\r\n\r\n`
      .replaceAll('\n\n', '\r\n\r\n')
      .replaceAll('\r\r', '\r'),
  ],
  ['responses', responses],
  ['responses', responses.replace('"type":"response.completed",', '"type": "response.incomplete", ')],
  ['messages', anthropic],
];

describe('a good stream', () => {
  it.each(complete)('%s passes unchanged, however it is cut: %j', (shape, text) => {
    withEveryCut(text, (cuts) => {
      const watch = watchOf(shape);
      expect(pass(watch, text, cuts)).toBe(text);
      expect(watch).toMatchObject({ hasStarted: true, hasContent: true, hasEnded: true, isComplete: true });
      expect(watch).toMatchObject({
        error: null,
        problem: null,
        model: 'm-1',
        usage: { ...counted, cache_read_tokens: shape === 'messages' ? 2 : 0 },
      });
    });
  });

  it.each<[StreamShape, string]>([
    ['chat', role + data({ choices: [{ index: 0, delta: {}, finish_reason: 'content_filter' }] }) + done],
    ['chat', role + data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage }) + done],
    [
      'messages',
      named('message_start', { message: { usage: { input_tokens: 1, output_tokens: 1 } } }) +
        named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }) +
        named('message_stop'),
    ],
    [
      'messages',
      named('message_start', { message: {} }) +
        named('message_delta', { delta: { stop_reason: 'refusal' } }) +
        named('message_stop'),
    ],
  ])('may have nothing to say, and say why: %s, %j', (shape, text) => {
    const watch = watchOf(shape);
    expect(pass(watch, text)).toBe(text);
    expect(watch.isComplete).toBe(true);
  });

  it('may end without a last line break', () => {
    const watch = watchOf('chat');
    expect(pass(watch, `${chunk('hi')}data: [DONE]`)).toBe(`${chunk('hi')}data: [DONE]`);
    expect(watch.isComplete).toBe(true);
  });

  it('of a route without a known last event ends when its connection does', () => {
    const watch = watchOf('other');
    pass(watch, named('image_generation.completed', { usage: { input_tokens: 7, output_tokens: 3 } }));
    expect(watch).toMatchObject({ isComplete: true, usage: counted });
  });

  it('counts the last usage only', () => {
    const watch = watchOf('chat');
    const more = { ...usage, completion_tokens: 2, cost: 0.5 };
    pass(watch, chunk('a', { usage: more }) + chunk('b', { usage: { ...usage, cost: 0.000123456 } }) + done);
    expect(watch.usage).toEqual({ ...counted, provider_cost_nano_usd: 123_456 });
  });

  it('has nothing after its end', () => {
    const watch = watchOf('chat');
    expect(pass(watch, `${chunk('hi')}${done}${chunk('more')}`)).toBe(`${chunk('hi')}${done}`);
  });

  it('keeps pings and the ends of other dialects from an OpenAI client', () => {
    const text = `event: ping\ndata: {"type": "ping"}\n\n${chunk('hi')}event: ping\ndata: {}\n\n${done}`;
    withEveryCut(text, (cuts) => expect(pass(watchOf('chat'), text, cuts)).toBe(chunk('hi') + done));
  });
});

describe('usage that the client did not ask for', () => {
  const finish = data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  it.each([
    ['of OpenAI', data({ choices: [], usage })],
    ['of LiteLLM', data({ choices: [{ index: 0, delta: {} }], usage })],
    [
      'of OpenRouter',
      data({
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
        usage,
      }),
    ],
  ])('%s is kept back, however it is cut', (_name, extra) => {
    withEveryCut(`${chunk('hi')}${finish}${extra}${done}`, (cuts) => {
      const watch = watchOf('chat', { hidesUsage: true });
      expect(pass(watch, `${chunk('hi')}${finish}${extra}${done}`, cuts)).toBe(chunk('hi') + finish + done);
      expect(watch.usage).toEqual(counted);
    });
  });

  it('stays where the chunk says something else too', () => {
    const text = `${chunk('hi', { usage })}${data({ choices: [{ delta: {}, finish_reason: 'stop' }], usage })}${done}`;
    expect(pass(watchOf('chat', { hidesUsage: true }), text)).toBe(text);
  });
});

describe('an error as the first event', () => {
  const error = { message: 'slow down', type: 'rate_limit_error', code: 429 };
  const cases: [StreamShape, string][] = [
    ['chat', data({ error })],
    ['chat', `: OPENROUTER PROCESSING\n\n${data({ choices: [], error })}`],
    ['chat', role + data({ error, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] })],
    ['responses', data({ error })],
    ['responses', named('response.created', { response: {} }) + named('error', error)],
    [
      'responses',
      named('response.created', { response: {} }) + named('response.failed', { response: { error } }),
    ],
    ['messages', named('error', { error })],
    ['messages', named('message_start', { message: {} }) + data({ error })],
  ];
  it.each(cases)('%s is seen before anything is shown: %j', (shape, text) => {
    withEveryCut(text + done, (cuts) => {
      const watch = watchOf(shape);
      pass(watch, text + done, cuts);
      expect(watch).toMatchObject({ hasContent: false, isOver: true, isComplete: false });
      expect(watch.error).toMatchObject({ message: 'slow down', code: '429' });
    });
  });
});

describe('an error in the middle', () => {
  const error = { message: 'broke', type: null, code: '500' };
  const cases: [StreamShape, string, string][] = [
    ['chat', chunk('hi'), data({ error })],
    [
      'chat',
      chunk('hi'),
      data({ id: 'x', error, choices: [{ delta: { content: '' }, finish_reason: 'error' }] }),
    ],
    ['chat', chunk('hi'), 'data: {"error" : "broke"}\n\n'],
    ['chat', chunk('hi'), `event: error\ndata: {"message": "broke"}\n\n`],
    [
      'responses',
      named('response.output_text.delta'),
      named('error', { message: 'broke', code: 'server_error' }),
    ],
    ['responses', named('response.output_text.delta'), data({ error })],
    ['messages', named('message_start') + named('content_block_delta'), data({ error })],
    ['messages', named('message_start') + named('content_block_delta'), named('error', { error })],
  ];
  it.each(cases)('%s is left out with all after it: %j, %j', (shape, good, bad) => {
    const text = good + bad + done + named('response.failed') + named('message_stop');
    withEveryCut(text, (cuts) => {
      const watch = watchOf(shape);
      expect(pass(watch, text, cuts)).toBe(good);
      expect(watch).toMatchObject({ isComplete: false, isOver: true, error: { message: 'broke' } });
    });
  });
});

describe('what is no answer', () => {
  const cases: [StreamShape, string][] = [
    ['chat', ''],
    ['chat', ': OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n'],
    ['chat', done],
    ['chat', 'data: <html>\n\n'],
    ['chat', chunk('hi')],
    ['chat', chunk('data: [DONE]\n\n')],
    // What LiteLLM 1.103.1 makes of a provider's empty stream.
    [
      'chat',
      data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
        data({ choices: [{ index: 0, delta: {} }] }) +
        done,
    ],
    [
      'messages',
      named('message_start', { message: { usage: { input_tokens: 0, output_tokens: 0 } } }) +
        named('content_block_start', { content_block: { type: 'text', text: '' } }) +
        named('content_block_stop') +
        named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 0 } }) +
        named('message_stop'),
    ],
    ['chat', `${chunk('hi')}: [DONE]\n\n`],
    ['responses', `${named('response.output_text.delta')}${done}`],
    ['messages', named('message_start') + named('content_block_delta') + done],
    ['messages', named('ping')],
  ];
  it.each(cases)('%s: %j', (shape, text) => {
    withEveryCut(text, (cuts) => {
      const watch = watchOf(shape);
      pass(watch, text, cuts);
      expect(watch.isComplete).toBe(false);
    });
  });

  it('a failed response is passed on, without the key that it quotes', () => {
    const watch = watchOf('responses');
    const error = { code: 'server_error', message: 'key sk-proj-0123456789abcdef failed' };
    const text =
      named('response.output_text.delta') +
      named('response.failed', { response: { status: 'failed', error } });
    const passed = pass(watch, text);
    expect(passed).toContain('event: response.failed\ndata: {');
    expect(passed).not.toContain('0123456789');
    expect(watch).toMatchObject({ hasFailed: true, hasEnded: true, isComplete: false });
  });
});

describe('pieces of whole events', () => {
  it('are all that came, in order, and end with an empty line', () => {
    const part = fc.constantFrom('\n', '\r\n', '\r', 'data: x', ': c', 'é', '\n\n', '\r\n\r\n');
    fc.assert(
      fc.property(fc.array(fc.array(part), { maxLength: 20 }), (parts) => {
        const splitter = new EventSplitter(1_000_000);
        const chunks = parts.map((some) => Buffer.from(some.join('')));
        const pieces = chunks.map((one) => splitter.push(one)).filter((piece) => piece !== null);
        for (const piece of pieces) expect(piece.toString()).toMatch(/\n\r?\n$/);
        const rest = splitter.flush()?.toString() ?? '';
        expect(rest).not.toMatch(/\n\r?\n/);
        expect(pieces.join('') + rest).toBe(chunks.join(''));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are not gathered without end', () => {
    const splitter = new EventSplitter(100);
    expect(splitter.push(Buffer.alloc(100, 120))).toBeNull();
    expect(() => splitter.push(Buffer.from('x'))).toThrow('too large');
  });
});
