import { llmRoutes } from '@signalbox/gateway';
import { fallbackHeaders, type FallbackHeadersInput } from './fallback-headers';

const clients = {
  authorization: 'Bearer sk-sb-of-the-client',
  'x-api-key': 'sk-sb-of-the-client',
  cookie: 'session=canary',
  'user-agent': 'OpenAI/JS 6.49.0',
  'x-openwebui-user-email': 'canary@example.com',
  'x-stainless-lang': 'js',
  'openai-organization': 'org-canary',
  'x-forwarded-for': '10.0.0.1',
  'anthropic-version': '2026-10-21',
  'anthropic-beta': 'context-1m-2025-08-07,files-api-2025-04-14',
};

function headers(
  via: 'openrouter' | 'direct',
  provider: string,
  routeName: string,
  change: Partial<FallbackHeadersInput> = {},
): Record<string, string> {
  return fallbackHeaders({
    way: { via, provider },
    route: llmRoutes.find(({ name }) => name === routeName)!,
    contentType: 'application/json',
    isStream: false,
    secret: 'sk-of-the-provider',
    clientHeaders: clients,
    version: '1.2.3',
    ...change,
  });
}

const plain = {
  'content-type': 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'signalbox/1.2.3',
};
const dialect = {
  'anthropic-version': '2026-10-21',
  'anthropic-beta': 'context-1m-2025-08-07,files-api-2025-04-14',
};
const attribution = { 'http-referer': expect.any(String), 'x-openrouter-title': 'Signalbox' };

describe('the headers of a call around LiteLLM', () => {
  it('hold the key and nothing of the client', () => {
    const authorization = 'Bearer sk-of-the-provider';
    expect(headers('direct', 'openai', 'chat_completions')).toEqual({ ...plain, authorization });
    expect(headers('openrouter', 'openrouter', 'chat_completions')).toEqual({
      ...plain,
      ...attribution,
      authorization,
    });
  });

  it("hold the dialect's version for Anthropic's routes, and the key where Anthropic wants it", () => {
    expect(headers('direct', 'anthropic', 'messages')).toEqual({
      ...plain,
      ...dialect,
      'x-api-key': 'sk-of-the-provider',
    });
    expect(headers('openrouter', 'openrouter', 'messages')).toMatchObject({
      ...dialect,
      authorization: 'Bearer sk-of-the-provider',
    });
  });

  it('have a version where the client gave none, or an odd one', () => {
    for (const clientHeaders of [{}, { 'anthropic-version': 'x\r\ny', 'anthropic-beta': 'ä' }]) {
      const made = headers('direct', 'anthropic', 'messages', { clientHeaders });
      expect(made['anthropic-version']).toBe('2023-06-01');
      expect(made).not.toHaveProperty('anthropic-beta');
    }
  });

  it('ask for a packed answer where the client likes one and it comes in one piece', () => {
    const clientHeaders = { 'accept-encoding': 'gzip, deflate, br, zstd' };
    const asked = (isStream: boolean): string | undefined =>
      headers('direct', 'openai', 'chat_completions', { clientHeaders, isStream })['accept-encoding'];
    expect([asked(false), asked(true)]).toEqual(['br, gzip, deflate', 'identity']);
  });

  it('hold no key for a server that asks for none', () => {
    expect(headers('direct', 'vllm', 'chat_completions', { secret: null })).toEqual(plain);
  });
});
