import { realPriceEntries } from '../../../../../test/stand-ins/litellm-prices.stand-in';
import { parseLitellmEntry } from './litellm-entry';

const parse = (key: string, wanted: string[] = []) =>
  parseLitellmEntry(key, realPriceEntries[key], new Set(wanted));

describe("entries of LiteLLM's price map", () => {
  it('become models of a provider, with exact prices', () => {
    expect(parse('gpt-4o')).toEqual({
      entry: {
        id: 'openai/gpt-4o',
        name: 'gpt-4o',
        vendor: 'openai',
        kind: 'openai',
        upstreamModel: 'gpt-4o',
        mode: 'chat',
        expiresOn: null,
        fields: {
          context_length: 128_000,
          max_output_tokens: 16_384,
          input_modalities: ['text', 'image'],
          tools: true,
          json_schema: true,
        },
        offers: [
          {
            provider: 'openai',
            source: 'litellm',
            price: {
              state: 'known',
              texts: { input: '0.0000025', output: '0.00001', cache_read: '0.00000125' },
            },
          },
        ],
      },
    });
  });

  it("lose LiteLLM's prefix and keep the date of their end", () => {
    expect(parse('groq/llama-3.3-70b-versatile')).toMatchObject({
      entry: {
        id: 'groq/llama-3.3-70b-versatile',
        upstreamModel: 'llama-3.3-70b-versatile',
        expiresOn: '2026-08-16',
      },
    });
  });

  it('have no price where the map says 0, but for servers of our own', () => {
    expect(parse('gemini/gemini-exp')).toMatchObject({ entry: { offers: [{ price: { state: 'absent' } }] } });
    expect(parse('ollama/llama3')).toMatchObject({
      entry: { offers: [{ price: { texts: { input: '0', output: '0' } } }] },
    });
  });

  it('are left out when nobody here can call them, or a better source has them', () => {
    expect(parse('sample_spec')).toBe('skipped');
    expect(parseLitellmEntry('fallback_generalizations', { rules: [] }, new Set())).toBe('skipped');
    expect(parse('openrouter/anthropic/claude-sonnet-4.5')).toBe('skipped');
    expect(parse('bedrock/anthropic.claude-v2')).toBe('skipped');
    expect(parse('bedrock/anthropic.claude-v2', ['bedrock/anthropic.claude-v2'])).toMatchObject({
      entry: { id: 'bedrock/anthropic.claude-v2', kind: 'litellm', vendor: 'bedrock' },
    });
  });

  it.each([null, 'text', {}, { litellm_provider: 7 }, []])('of another form are malformed: %p', (raw) => {
    expect(parseLitellmEntry('key', raw, new Set())).toBe('malformed');
  });

  it.each([
    ['ke\0y', {}],
    ['key', { supported_modalities: ['text', '\ud83d'] }],
  ])('with what PostgreSQL cannot keep are malformed: %j', (key, more) => {
    const raw = { litellm_provider: 'openai', mode: 'chat', ...more };
    expect(parseLitellmEntry(key, raw, new Set())).toBe('malformed');
  });

  it.each([
    ['2027-01-31', '2027-01-31'],
    ['2027-02-29', null],
    ['0000-01-01', null],
    ['soon', null],
  ])('that end on %s end on %s', (deprecation_date, expiresOn) => {
    const raw = { litellm_provider: 'openai', mode: 'chat', deprecation_date };
    expect(parseLitellmEntry('key', raw, new Set())).toMatchObject({ entry: { expiresOn } });
  });

  it.each([
    ['gemini', 200_000],
    // "Above 200,000" is from 200,000 on there.
    ['xai', 199_999],
  ])('of %s have prices of long prompts: of more than %d tokens', (litellm_provider, above) => {
    const raw = {
      litellm_provider,
      mode: 'chat',
      input_cost_per_token: 0.000003,
      output_cost_per_token_above_256k_tokens: 0.00006,
      input_cost_per_token_above_200k_tokens: 0.000006,
      cache_read_input_token_cost_above_200k_tokens: null,
      input_cost_per_token_above_200k_tokens_priority: 0.00001,
    };
    const overrides = [
      { min_prompt_tokens: above, input: '0.000006' },
      { min_prompt_tokens: above + 56_000, output: '0.00006' },
    ];
    expect(parseLitellmEntry('key', raw, new Set(['key']))).toMatchObject({
      entry: { offers: [{ price: { texts: { input: '0.000003', overrides } } }] },
    });
  });

  it('with a price that is no number say so', () => {
    const raw = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 'cheap' };
    expect(parseLitellmEntry('key', raw, new Set())).toMatchObject({
      entry: { offers: [{ price: { state: 'malformed' } }] },
    });
  });
});
