import fc from 'fast-check';
import { estimateTokens, mediaTokens, usualAnswerTokens } from './limit-estimate';

const messages = [{ role: 'user', content: 'hello' }];
const prompt = 100;
const bytes = prompt * 4;

describe('the estimate of a request', () => {
  it.each([
    ['says how long the answer may be', { messages, max_tokens: 50 }, prompt + 50],
    ['says so by another name', { messages, max_completion_tokens: 50 }, prompt + 50],
    ['says so by a third', { input: 'hello', max_output_tokens: 50 }, prompt + 50],
    ['says two things: the larger', { messages, max_tokens: 5, max_completion_tokens: 50 }, prompt + 50],
    ['says it as a text of a form', { messages, max_tokens: '50' }, prompt + 50],
    ['asks for several answers', { messages, max_tokens: 50, n: 3 }, prompt + 150],
    ['asks for the best of several', { messages, max_tokens: 50, n: 1, best_of: 4 }, prompt + 200],
    ['says nothing', { messages }, prompt + usualAnswerTokens],
    ['says nonsense', { messages, max_tokens: 'many', n: -3 }, prompt + usualAnswerTokens],
    ['has no answer in text', { input: 'hello' }, prompt],
  ])('that %s', (_name, fields, expected) => {
    expect(estimateTokens({ fields }, bytes)).toBe(expected);
  });

  it('by its route: responses are text, embeddings are not', () => {
    const fields = { input: 'hello' };
    expect(estimateTokens({ fields }, bytes, 'responses')).toBe(prompt + usualAnswerTokens);
    expect(estimateTokens({ fields }, bytes, 'embeddings')).toBe(prompt);
  });

  const base64 = 'A'.repeat(4_000_000);
  it.each<[string, unknown]>([
    ['an image', [{ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } }]],
    ['an image of /v1/responses', [{ type: 'input_image', image_url: `data:image/png;base64,${base64}` }]],
    [
      "Anthropic's image",
      [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }],
    ],
    ['audio', [{ type: 'input_audio', input_audio: { data: base64, format: 'wav' } }]],
    ['a file', [{ type: 'file', file: { file_data: `data:application/pdf;base64,${base64}` } }]],
    ['an image in the result of a tool', [{ type: 'tool_result', content: [{ source: { data: base64 } }] }]],
  ])('does not count the bytes of %s', (_name, content) => {
    const fields = { messages: [{ role: 'user', content }], max_tokens: 10 };
    const estimate = estimateTokens({ fields }, Buffer.byteLength(JSON.stringify(fields)));
    expect(estimate).toBeGreaterThan(mediaTokens);
    expect(estimate).toBeLessThan(mediaTokens + 200);
  });

  it('counts a long text in full', () => {
    const fields = { messages: [{ role: 'user', content: base64 }], max_tokens: 10 };
    expect(estimateTokens({ fields }, 4_000_100)).toBe(1_000_025 + 10);
  });

  it('counts a form by its fields and files, not by its bytes', () => {
    const form = {
      contentType: 'multipart/form-data; boundary="x"',
      fields: { model: 'whisper', file: null },
    };
    expect(estimateTokens(form, 25_000_000, 'audio_transcriptions')).toBe(Math.ceil(7 / 4) + mediaTokens);
  });

  it('is a whole number of at least one, whatever comes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (fields, length) => {
        const estimate = estimateTokens(
          { fields: { ...fields, max_tokens: fields['a'], n: fields['b'] } },
          length,
        );
        expect(Number.isSafeInteger(estimate)).toBe(true);
        expect(estimate).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
