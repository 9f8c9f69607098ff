import fc from 'fast-check';
import { StreamGuard } from './stream-guard';

/** Cuts the text at the given places and passes the pieces through a guard. */
function pass(guard: StreamGuard, text: string, cuts: number[] = []): string {
  const bytes = Buffer.from(text, 'utf8');
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const passed = places.slice(1).map((end, index) => guard.push(bytes.subarray(places[index], end)));
  return Buffer.concat(passed.filter((one) => one !== null)).toString('utf8');
}

const chunk = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

const complete: [string, 'openai' | 'anthropic', string][] = [
  ['chat_completions', 'openai', `${chunk('hi')}data: [DONE]\n\n`],
  ['chat_completions', 'openai', `${chunk('hi')}data: {"error": {"message": "x"}}\n\n`],
  ['chat_completions', 'openai', `: ping\r\n\r\n${chunk('é')}data:[DONE]\r\n\r\n`],
  ['completions', 'openai', `${chunk('hi')}data: [DONE]\n\n`],
  [
    'messages',
    'anthropic',
    `event: message_start\ndata: {}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n`,
  ],
  ['messages', 'anthropic', 'event: error\ndata: {"type":"error","error":{}}\n\n'],
  ['responses', 'openai', 'event: response.completed\ndata: {"response":{},"type":"response.completed"}\n\n'],
  ['responses', 'openai', 'data: {"type": "response.failed","response":{}}\n\n'],
  ['responses', 'openai', 'event: error\ndata: {"type":"error","message":"x"}\n\n'],
];

const cut: [string, 'openai' | 'anthropic', string][] = [
  ['chat_completions', 'openai', chunk('hi')],
  ['chat_completions', 'openai', ''],
  ['chat_completions', 'openai', chunk('data: [DONE]\n')],
  ['chat_completions', 'openai', `${chunk('hi')} data: [DONE]\n\n`],
  ['chat_completions', 'openai', `: data: [DONE]\n\n`],
  ['messages', 'anthropic', 'event: message_start\ndata: {"text":"event: message_stop"}\n\n'],
  ['messages', 'anthropic', 'data: {"error": {"message": "upstream broke"}}\n\n'],
  [
    'responses',
    'openai',
    'event: response.output_text.delta\ndata: {"delta":"\\"type\\":\\"response.completed\\""}\n\n',
  ],
];

describe('a stream on its way through', () => {
  it.each(complete)('%s (%s) is complete: %j', (route, dialect, text) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 6 }), (cuts) => {
        const guard = new StreamGuard(route, dialect);
        expect(pass(guard, text, cuts)).toBe(text);
        expect(guard.isComplete()).toBe(true);
        expect(guard.hasSeenEnd()).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it.each(cut)('%s (%s) is cut: %j', (route, dialect, text) => {
    const guard = new StreamGuard(route, dialect);
    expect(pass(guard, text)).toBe(text);
    expect(guard.isComplete()).toBe(false);
  });

  it('is passed on unchanged but for an unfinished last line, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat()), (text, cuts) => {
        const guard = new StreamGuard('chat_completions', 'openai');
        expect(pass(guard, text, cuts)).toBe(text.slice(0, text.lastIndexOf('\n') + 1));
        expect((guard.flush() ?? Buffer.alloc(0)).toString('utf8')).toBe(
          text.slice(text.lastIndexOf('\n') + 1),
        );
      }),
    );
  });

  it('may end without a line break', () => {
    const guard = new StreamGuard('chat_completions', 'openai');
    expect(pass(guard, 'data: [DONE]')).toBe('');
    expect(guard.flush()?.toString()).toBe('data: [DONE]');
    expect(guard.isComplete()).toBe(true);
  });

  it('does not gather a line without end', () => {
    const guard = new StreamGuard('chat_completions', 'openai');
    expect(guard.push(Buffer.alloc(100 * 1024, 120))).toBeNull();
    expect(guard.push(Buffer.alloc(200 * 1024, 120))?.length).toBe(300 * 1024);
  });

  it('of a route without a known last event is taken as it is', () => {
    const guard = new StreamGuard('image_generations', 'openai');
    pass(guard, 'event: image_generation.completed\ndata: {}\n\n');
    expect(guard.isComplete()).toBe(true);
  });
});
