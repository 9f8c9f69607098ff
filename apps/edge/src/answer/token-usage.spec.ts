import fc from 'fast-check';
import { nanoUsd, readBodyUsage, readUsage } from './token-usage';

describe('what a provider charges', () => {
  it.each([
    [0, 0],
    [1, 1_000_000_000],
    [0.1, 100_000_000],
    [0.000000001, 1],
    [1.5e-9, 2],
    [4.9e-10, 0],
    [1.1234567894, 1_123_456_789],
    [123456.789, 123_456_789_000_000],
    [1e21, null],
    [-1, null],
    [Number.NaN, null],
    ['0.1', null],
  ])('%p dollars are %p billionths', (dollars, nano) => {
    expect(nanoUsd(dollars)).toBe(nano);
  });

  it('is exact to the billionth', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999 }), fc.nat({ max: 999_999_999 }), (whole, nano) => {
        const text = `${whole}.${String(nano).padStart(9, '0')}`;
        expect(nanoUsd(JSON.parse(text))).toBe(whole * 1_000_000_000 + nano);
      }),
    );
  });
});

const none = {
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  provider_cost_nano_usd: null,
};

describe('usage', () => {
  it("of OpenAI's dialect has its cached tokens in the prompt", () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 3 },
      cost: 0.25,
    };
    const tokens = { prompt_tokens: 10, completion_tokens: 5, cache_read_tokens: 4, cache_write_tokens: 1 };
    const expected = { ...tokens, reasoning_tokens: 3, provider_cost_nano_usd: 250_000_000 };
    expect(readUsage('chat_completions', usage, true)).toEqual(expected);
    expect(readUsage('chat_completions', usage, false)).toEqual({
      ...expected,
      provider_cost_nano_usd: null,
    });
  });

  it("of Anthropic's counts them beside", () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 2,
      output_tokens: 5,
    };
    const tokens = { prompt_tokens: 16, completion_tokens: 5, cache_read_tokens: 4, cache_write_tokens: 2 };
    expect(readUsage('messages', usage, false)).toEqual({ ...none, ...tokens });
  });

  it('of responses, embeddings, and of a rerank', () => {
    const responses = {
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 3 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 1 },
      },
    };
    const tokens = { prompt_tokens: 9, completion_tokens: 2, cache_read_tokens: 3, reasoning_tokens: 1 };
    expect(readBodyUsage('responses', responses, false)).toEqual({ ...none, ...tokens });
    expect(readBodyUsage('embeddings', { usage: { prompt_tokens: 4, total_tokens: 4 } }, false)).toEqual({
      ...none,
      prompt_tokens: 4,
      completion_tokens: 0,
    });
    expect(readBodyUsage('rerank', { meta: { tokens: { input_tokens: 6 } } }, false)).toMatchObject({
      prompt_tokens: 6,
      completion_tokens: 0,
    });
  });

  it.each([undefined, null, 'x', {}, { usage: null }, { usage: { seconds: 3, type: 'duration' } }])(
    '%j is none',
    (body) => {
      expect(readBodyUsage('chat_completions', (body ?? {}) as Record<string, unknown>, true)).toBeNull();
    },
  );

  it('takes no nonsense for a count', () => {
    const usage = { prompt_tokens: -1, completion_tokens: 1.5, prompt_tokens_details: 'x' };
    expect(readUsage('chat_completions', usage, true)).toEqual({
      ...none,
      prompt_tokens: 0,
      completion_tokens: 0,
    });
  });
});
