import { directProvider, directUrl, isServedByOpenrouter, openrouterUrl } from './direct-providers';
import { llmRoutes, type LlmRoute } from './llm-routes';

const route = (name: string): LlmRoute => llmRoutes.find((one) => one.name === name)!;
const addressOf = (kind: string, name: string, baseUrl: string | null): string | null => {
  const url = directUrl(kind, route(name), baseUrl);
  return url && url.origin + url.path;
};

describe('where a provider is reached without LiteLLM', () => {
  it.each([
    ['openai', 'chat_completions', null, 'https://api.openai.com/v1/chat/completions'],
    ['openai', 'responses', 'https://eu.api.openai.com/v1', 'https://eu.api.openai.com/v1/responses'],
    ['openai', 'embeddings', 'https://proxy.test/v1/', 'https://proxy.test/v1/embeddings'],
    ['openai', 'image_generations', null, 'https://api.openai.com/v1/images/generations'],
    ['openai', 'audio_speech', null, 'https://api.openai.com/v1/audio/speech'],
    // LiteLLM adds no /v1 for OpenAI's.
    ['openai', 'chat_completions', 'https://proxy.test', 'https://proxy.test/chat/completions'],
    ['openai', 'chat_completions', 'https://p.test/v1?v=2', 'https://p.test/v1/chat/completions?v=2'],
    ['openai', 'chat_completions', 'https://p.test/x/chat/completions', 'https://p.test/x/chat/completions'],
    ['anthropic', 'messages', null, 'https://api.anthropic.com/v1/messages'],
    ['anthropic', 'messages', 'https://proxy.test/v1', 'https://proxy.test/v1/messages'],
    ['anthropic', 'messages', 'https://proxy.test/v1/messages', 'https://proxy.test/v1/messages'],
    ['anthropic', 'messages', 'https://proxy.test/claude/', 'https://proxy.test/claude/v1/messages'],
    [
      'anthropic',
      'count_tokens',
      'https://proxy.test/v1/messages',
      'https://proxy.test/v1/messages/count_tokens',
    ],
    ['mistral', 'chat_completions', 'https://proxy.test', 'https://proxy.test/v1/chat/completions'],
    ['groq', 'chat_completions', null, 'https://api.groq.com/openai/v1/chat/completions'],
    ['together', 'embeddings', null, 'https://api.together.xyz/v1/embeddings'],
    ['fireworks', 'chat_completions', null, 'https://api.fireworks.ai/inference/v1/chat/completions'],
    ['perplexity', 'chat_completions', null, 'https://api.perplexity.ai/chat/completions'],
    ['huggingface', 'chat_completions', null, 'https://router.huggingface.co/v1/chat/completions'],
    ['huggingface', 'chat_completions', 'https://own.test', 'https://own.test/v1/chat/completions'],
    ['vllm', 'chat_completions', 'http://10.0.0.7:8000/v1', 'http://10.0.0.7:8000/v1/chat/completions'],
    ['openai_compatible', 'completions', 'https://llm.test/v1', 'https://llm.test/v1/completions'],
    ['ollama', 'chat_completions', null, 'http://127.0.0.1:11434/v1/chat/completions'],
    ['ollama', 'embeddings', 'http://ollama.test:11434/api', 'http://ollama.test:11434/v1/embeddings'],
    ['ollama', 'chat_completions', 'http://ollama.test/v1', 'http://ollama.test/v1/chat/completions'],
  ])('%s %s at %s', (kind, name, baseUrl, address) => {
    expect(addressOf(kind, name, baseUrl)).toBe(address);
  });

  it.each([
    ['vllm has no usual address', 'vllm', 'chat_completions', null],
    ['Anthropic speaks no chat completions', 'anthropic', 'chat_completions', null],
    ['OpenAI speaks no messages', 'openai', 'messages', null],
    ['Google has a dialect of its own', 'google', 'chat_completions', null],
    ['LiteLLM alone knows what it is', 'litellm', 'chat_completions', 'https://x.test'],
    ['canned answers come from LiteLLM', 'demo', 'chat_completions', null],
    ['a kind of a later version', 'toString', 'chat_completions', 'https://x.test'],
    ['no URL', 'openai', 'chat_completions', 'nowhere'],
    ['no HTTP', 'openai', 'chat_completions', 'file:///etc/passwd'],
    ['OpenRouter is not direct', 'openrouter', 'chat_completions', null],
  ])('nowhere: %s', (_why, kind, name, baseUrl) => {
    expect(addressOf(kind, name, baseUrl)).toBeNull();
  });

  it.each([
    ['fireworks', 'llama-v3p1-8b-instruct', 'accounts/fireworks/models/llama-v3p1-8b-instruct'],
    ['fireworks', 'accounts/me/models/mine', 'accounts/me/models/mine'],
    ['fireworks', 'kimi-fast', 'accounts/fireworks/routers/kimi-fast'],
    ['huggingface', 'meta-llama/Llama-3.3-70B-Instruct', 'meta-llama/Llama-3.3-70B-Instruct'],
    ['huggingface', 'together/deepseek-ai/DeepSeek-R1', null],
    ['openai', 'gpt-4o', 'gpt-4o'],
  ])('%s calls %s %s', (kind, upstream, name) => {
    expect(directProvider(kind)?.modelName(upstream)).toBe(name);
  });

  it('names only routes that there are', () => {
    const names = new Set(llmRoutes.map(({ name }) => name));
    const kinds = ['openai', 'anthropic', 'mistral', 'groq', 'together', 'fireworks', 'ollama', 'vllm'];
    for (const kind of kinds) for (const one of directProvider(kind)!.routes) expect(names).toContain(one);
  });
});

describe('OpenRouter', () => {
  it.each([
    ['chat_completions', 'https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
    ['responses', 'https://openrouter.ai/api/v1/', 'https://openrouter.ai/api/v1/responses'],
    ['messages', 'https://openrouter.ai/api', 'https://openrouter.ai/api/v1/messages'],
    ['embeddings', 'http://127.0.0.1:1/api/v1', 'http://127.0.0.1:1/api/v1/embeddings'],
  ])('serves %s at %s', (name, baseUrl, address) => {
    const url = openrouterUrl(route(name), baseUrl);
    expect(url && url.origin + url.path).toBe(address);
  });

  it('serves the other routes in no form that our clients use', () => {
    const served = llmRoutes.filter(isServedByOpenrouter).map(({ name }) => name);
    expect(served).toEqual(['chat_completions', 'responses', 'messages', 'embeddings']);
    expect(openrouterUrl(route('rerank'), 'https://openrouter.ai/api/v1')).toBeNull();
  });
});
