import { StreamedAnswer } from './streamed-answer';

function answerOf(...events: object[]): StreamedAnswer {
  const streamed = new StreamedAnswer();
  for (const event of events) streamed.add(JSON.stringify(event));
  streamed.add('[DONE]');
  return streamed;
}

const delta = (content: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta: content, finish_reason: finish }],
});
const hello = [delta({ content: 'Hello' }), delta({}, 'stop')];

describe('the usage', () => {
  it.each<[string, object | null]>([
    ['none', null],
    ['one without figures', {}],
    ['nulls', { prompt_tokens: null, completion_tokens: null }],
    ['no answer', { prompt_tokens: 12 }],
    ['no prompt', { prompt_tokens: 0, completion_tokens: 3 }],
    ['zeros beside an answer', { prompt_tokens: 12, completion_tokens: 0 }],
  ])('that says %s says nothing of what it cost', (_what, usage) => {
    expect(answerOf(...hello, { choices: [], usage }).tokens).toBeNull();
  });

  it('counts, of an answer that says nothing too', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 0 };
    expect(answerOf(delta({}, 'stop'), { choices: [], usage }).tokens).toMatchObject({
      prompt: 12,
      answer: 0,
    });
  });

  it('has what was written to the cache of prompts, wherever that is told', () => {
    const told = { prompt_tokens: 12, completion_tokens: 3 };
    const details = { ...told, prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 9 } };
    const tokens = { prompt: 12, answer: 3, cacheRead: 2, cacheWrite: 9 };
    expect(answerOf(...hello, { choices: [], usage: details }).tokens).toEqual(tokens);
    const beside = { ...details, cache_creation_input_tokens: 10 };
    expect(answerOf(...hello, { choices: [], usage: beside }).tokens).toEqual({ ...tokens, cacheWrite: 10 });
  });

  it('that is told on the way and left out at the end is that of the way', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 3 };
    expect(answerOf(...hello, { choices: [], usage }, { choices: [], usage: {} }).tokens).toMatchObject({
      prompt: 12,
    });
  });
});

it('a tool call is the first one, whatever number it has: some count what was said before it', () => {
  const call = { index: 1, function: { name: 'book', arguments: '{}' } };
  const { answer } = answerOf(delta({ content: 'I book.' }), delta({ tool_calls: [call] }, 'tool_calls'));
  expect(answer.toolCalls).toEqual([{ name: 'book', arguments: '{}' }]);
  expect(Object.keys(answer.toolCalls)).toEqual(['0']);
});
