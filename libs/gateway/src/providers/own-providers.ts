import { directWay, type ProviderEntry, providerEntry, reading } from './provider-entry';

const openaiRoutes = ['chat_completions', 'completions', 'embeddings'];
const ownMachine = {
  zeroDataRetention: true,
  trainsOnData: false,
  remark: 'Of a server on an inner network, which is told from its address; of any other nothing is known.',
} as const;

const atRoot = (path: string) => ({
  request: `GET ${path}`,
  urlOf: (baseUrl: string) => baseUrl.replace(/\/(v1|api)$/, '') + path,
});

/** Servers that have an address of their own, and kinds that are no provider of one vendor. */
export const ownProviders = {
  ollama: providerEntry('Ollama', 'ollama', {
    litellmPrefixByMode: { chat: 'ollama_chat', responses: 'ollama_chat' },
    dialect: 'ollama',
    vendorBaseUrl: 'http://127.0.0.1:11434',
    defaultBaseUrl: 'http://127.0.0.1:11434',
    ownBaseUrl: (baseUrl) => baseUrl.replace(/\/(v1|api)$/, ''),
    needsKey: false,
    keyFormat: { hint: "none; keys of Ollama's cloud have no fixed form" },
    probe: { keyRequest: 'GET /api/tags; of its cloud GET /v1/models', liveness: atRoot('/api/version') },
    // Its base URL is that of its own API, beside which it serves OpenAI's below /v1.
    direct: directWay(openaiRoutes, { rootOf: (basePath) => `${basePath.replace(/\/(v1|api)$/, '')}/v1` }),
    errors: [
      reading('unknown model', 404, null, "model 'x' not found", 'model_unknown'),
      reading('wrong key (cloud)', 401, null, 'unauthorized', 'credential_refused'),
      reading('too many at once', 503, null, 'server busy, please try again.', 'provider_error'),
      reading('too fast (cloud)', 429, null, 'too many requests', 'rate_limited'),
    ],
    data: ownMachine,
    docs: 'ollama',
    referenceUrl: 'https://docs.ollama.com/api/chat',
  }),
  vllm: providerEntry('vLLM', 'hosted_vllm', {
    baseUrl: 'required',
    needsKey: false,
    keyFormat: { hint: 'whatever the server was started with (--api-key)' },
    probe: { keyRequest: 'GET /v1/models', liveness: atRoot('/health') },
    direct: directWay(openaiRoutes),
    errors: [
      reading('wrong key', 401, null, 'Unauthorized', 'credential_refused'),
      reading('too long', 400, null, "This model's maximum context length is 8192 tokens.", 'client_error'),
      reading('unknown model', 404, null, 'The model `x` does not exist.', 'model_unknown'),
    ],
    data: ownMachine,
    docs: 'vllm',
    referenceUrl: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  }),
  openai_compatible: providerEntry('OpenAI-compatible server', 'openai', {
    baseUrl: 'required',
    needsKey: false,
    keyFormat: { hint: 'as the server has it', prefixes: ['xai-'] },
    // Whoever asks for a key there is there.
    probe: {
      keyRequest: 'GET /models',
      liveness: { request: 'GET /models', urlOf: (baseUrl) => `${baseUrl}/models` },
    },
    direct: directWay(openaiRoutes),
    errors: [
      reading('wrong key', 401, null, 'Unauthorized', 'credential_refused'),
      reading('wrong key (xAI)', 400, null, 'Incorrect API key provided: xx', 'credential_refused'),
      reading('too fast', 429, null, 'Too many requests', 'rate_limited'),
    ],
    data: { remark: "As the server's owner says: say it in the facts of the provider." },
    docs: 'openai_compatible',
    remark:
      "Any server in OpenAI's dialect: llama.cpp, LM Studio, SGLang, xAI, DeepSeek. Also what replaces Anyscale, whose public endpoints ended on 2024-08-01: a service of one's own there has its own address and token.",
  }),
  litellm: providerEntry('Another provider that LiteLLM knows', null, {
    dialect: 'various',
    probe: { keyRequest: null, liveness: null },
    remark:
      'For everything else of LiteLLM that one key opens: the upstream model brings its prefix along, such as azure/..., deepseek/... or xai/....',
  }),
  demo: providerEntry('Demo (canned answers)', 'openai', {
    dialect: 'mock',
    baseUrl: 'none',
    needsKey: false,
    keyFormat: { hint: 'none' },
    data: { zeroDataRetention: true, trainsOnData: false, remark: 'Nothing leaves LiteLLM.' },
    remark: 'No provider is called.',
  }),
} satisfies Record<string, ProviderEntry>;
