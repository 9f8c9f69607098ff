import { llmRoutes } from '../llm-routes';
import { needsOf } from './request-needs';

type Fields = Readonly<Record<string, unknown>>;

const of = (fields: Fields, route = 'chat_completions') =>
  needsOf({ fields }, route, Buffer.byteLength(JSON.stringify(fields)));
const messages = (...parts: Fields[]): Fields => ({ messages: [{ role: 'user', content: parts }] });

describe('what a request asks of a model', () => {
  it('is an answer of usual length where it says nothing', () => {
    expect(
      needsOf({ fields: { messages: [{ role: 'user', content: 'hi' }] } }, 'chat_completions', 4_000),
    ).toEqual({
      promptTokens: 1_000,
      cachedPromptTokens: 0,
      maxAnswerTokens: null,
      expectedAnswerTokens: 512,
      mode: 'chat',
      inputModalities: [],
      needsTools: false,
      json: 'none',
    });
  });

  it.each<[Fields, number | null, number]>([
    [{ max_tokens: 100 }, 100, 100],
    [{ max_tokens: 1_000 }, 1_000, 512],
    [{ max_completion_tokens: 4_001 }, 4_001, 1_001],
    [{ max_output_tokens: 100, n: 3 }, 100, 300],
    [{ max_tokens: 'many' }, null, 512],
    [{ max_tokens: -1 }, null, 512],
  ])('%j: at most %j tokens, probably %d', (fields, most, expected) => {
    expect(of(fields)).toMatchObject({ maxAnswerTokens: most, expectedAnswerTokens: expected });
  });

  it('is no answer in tokens on the other routes', () => {
    expect(of({ input: 'text', max_tokens: 5 }, 'embeddings')).toMatchObject({
      mode: 'embedding',
      maxAnswerTokens: null,
      expectedAnswerTokens: 0,
    });
    expect(of(messages(), 'count_tokens').expectedAnswerTokens).toBe(0);
  });

  it('has a mode on every route that calls a model', () => {
    const without = llmRoutes.filter(({ name }) => of({}, name).mode === null).map(({ name }) => name);
    expect(without).toEqual(['models', 'model']);
  });

  it.each<[string, Fields, string[]]>([
    ['text', messages({ type: 'text', text: 'hi' }), []],
    [
      'OpenAI chat',
      messages({ type: 'image_url', image_url: { url: 'x' } }, { type: 'input_audio' }),
      ['image', 'audio'],
    ],
    ['OpenAI chat, a file', messages({ type: 'file' }), ['file']],
    ['Anthropic', messages({ type: 'image' }, { type: 'document' }), ['image', 'file']],
    [
      'a result of a tool, OpenAI responses',
      { input: [{ type: 'function_call_output', output: [{ type: 'input_image', image_url: 'x' }] }] },
      ['image'],
    ],
    [
      'a screenshot',
      { input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot' } }] },
      ['image'],
    ],
    ['a text of a tool', { input: [{ type: 'function_call_output', output: 'hi' }] }, []],
    ['a result of a tool', messages({ type: 'tool_result', content: [{ type: 'image' }] }), ['image']],
    ['OpenAI responses', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, ['image']],
    ['OpenAI responses, without a message', { input: [{ type: 'input_file' }] }, ['file']],
    [
      'words like these elsewhere',
      { messages: [{ role: 'user', content: 'type: image' }], type: 'image' },
      [],
    ],
    [
      'nonsense',
      { messages: [null, 7, ['image'], { content: { type: 'image' } }], input: { type: 'image' } },
      [],
    ],
    ['a name of every object', messages({ type: 'constructor' }), []],
  ])('takes modalities from %s', (_from, fields, expected) => {
    expect(of(fields).inputModalities).toEqual(expected);
  });

  it('does not go deeper than requests are', () => {
    let nested: Fields = { type: 'image' };
    for (let depth = 0; depth < 100_000; depth += 1) nested = { content: [nested] };
    expect(needsOf({ fields: { messages: [nested] } }, 'chat_completions', 100).inputModalities).toEqual([]);
  });

  it.each<[Fields, boolean]>([
    [{ tools: [{ type: 'function' }] }, true],
    [{ functions: [{ name: 'f' }] }, true],
    [{ tools: [], functions: [] }, false],
    [{ tools: 'all' }, false],
  ])('needs tools for %j: %j', (fields, expected) => {
    expect(of(fields).needsTools).toBe(expected);
  });

  it.each<[Fields, string]>([
    [{ response_format: { type: 'text' } }, 'none'],
    [{ response_format: { type: 'json_object' } }, 'object'],
    [{ response_format: { type: 'json_schema' } }, 'schema'],
    [{ text: { format: { type: 'json_schema' } } }, 'schema'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'schema'],
    [{ output_format: { type: 'json_schema' } }, 'schema'],
    [{ response_format: 'json_object', text: 'json' }, 'none'],
  ])('needs JSON for %j: %s', (fields, expected) => {
    expect(of(fields).json).toBe(expected);
  });
});
