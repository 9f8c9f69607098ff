import { below, directWay, type ProviderEntry, providerEntry, reading, withoutV1 } from './provider-entry';

const chat = ['chat_completions'];
const openaiRoutes = [
  'chat_completions',
  'completions',
  'responses',
  'embeddings',
  'moderations',
  'image_generations',
  'image_edits',
  'audio_speech',
  'audio_transcriptions',
  'audio_translations',
];

/** LiteLLM 1.103.1 takes api_base for the whole address of the route (chat and embed; rerank adds its own path). */
function cohereRoute(baseUrl: string, mode: string): string {
  if (/\/(chat|embed|rerank)$/.test(baseUrl) || mode === 'rerank') return baseUrl;
  const root = baseUrl.replace(/\/v[12]$/, '');
  return `${root}/v2/${mode === 'embedding' ? 'embed' : 'chat'}`;
}

/** It appends `/models/...` and no version. */
function geminiRoot(baseUrl: string): string {
  return /\/v1(beta|alpha)?$/.test(baseUrl) ? baseUrl : `${baseUrl}/v1beta`;
}

/** Who makes models, and serves them at an address that everybody knows. */
export const modelVendors = {
  openai: providerEntry('OpenAI', 'openai', {
    vendorBaseUrl: 'https://api.openai.com/v1',
    environmentVariable: 'OPENAI_API_KEY',
    keyFormat: {
      hint: 'sk-proj-..., sk-svcacct-...; sk-admin-... cannot call models',
      prefixes: ['sk-proj-', 'sk-'],
    },
    probe: { keyRequest: 'GET /models', liveness: null },
    direct: directWay(openaiRoutes),
    errors: [
      reading('wrong key', 401, 'invalid_api_key', 'Incorrect API key provided: sk-x.', 'credential_refused'),
      reading('too fast', 429, 'rate_limit_exceeded', 'Rate limit reached for gpt-4o.', 'rate_limited'),
      reading('no credit', 429, 'insufficient_quota', 'You exceeded your current quota.', 'payment_required'),
      reading(
        'too long',
        400,
        'context_length_exceeded',
        "This model's maximum context length is 128000 tokens.",
        'client_error',
      ),
      reading('unknown model', 404, 'model_not_found', 'The model `x` does not exist.', 'model_unknown'),
    ],
    data: {
      zeroDataRetention: false,
      trainsOnData: false,
      source: 'https://developers.openai.com/api/docs/guides/your-data',
      remark:
        'Kept up to 30 days against abuse, unless OpenAI has agreed to zero retention. EU projects have an address of their own.',
    },
    docs: 'openai',
    referenceUrl: 'https://platform.openai.com/docs/api-reference',
  }),
  anthropic: providerEntry('Anthropic', 'anthropic', {
    dialect: 'anthropic',
    vendorBaseUrl: 'https://api.anthropic.com',
    ownBaseUrl: withoutV1,
    environmentVariable: 'ANTHROPIC_API_KEY',
    keyFormat: { hint: 'sk-ant-api03-...; sk-ant-admin01-... cannot call models', prefixes: ['sk-ant-'] },
    probe: { keyRequest: 'GET /v1/models?limit=1', liveness: null },
    direct: directWay(['messages', 'count_tokens'], {
      keyHeader: 'x-api-key',
      takesStreamOptions: false,
      rootOf: (basePath) => below('/v1')(basePath.replace(/\/v1\/messages$/, '')),
    }),
    errors: [
      reading('wrong key', 401, 'authentication_error', 'invalid x-api-key', 'credential_refused'),
      reading(
        'too fast',
        429,
        'rate_limit_error',
        "This request would exceed your organization's rate limit.",
        'rate_limited',
      ),
      reading(
        'no credit',
        400,
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API.',
        'payment_required',
      ),
      reading(
        'too long',
        400,
        'invalid_request_error',
        'prompt is too long: 210000 tokens > 200000 maximum',
        'client_error',
      ),
      reading('overloaded', 529, 'overloaded_error', 'Overloaded', 'provider_error'),
    ],
    data: {
      zeroDataRetention: false,
      source: 'https://platform.claude.com/docs/en/build-with-claude/api-and-data-retention',
      remark: 'Zero retention only by an arrangement with Anthropic.',
    },
    docs: 'anthropic',
    referenceUrl: 'https://docs.anthropic.com/en/api/messages',
  }),
  google: providerEntry('Google (Gemini)', 'gemini', {
    dialect: 'google',
    vendorBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    litellmBaseUrl: geminiRoot,
    ownBaseUrl: geminiRoot,
    environmentVariable: 'GEMINI_API_KEY',
    keyFormat: { hint: 'AQ....; older ones AIza...', prefixes: ['AIza'] },
    probe: { keyRequest: 'GET /v1beta/models?pageSize=1', liveness: null },
    errors: [
      reading(
        'wrong key',
        400,
        'API_KEY_INVALID',
        'API key not valid. Please pass a valid API key.',
        'credential_refused',
      ),
      reading(
        'too fast',
        429,
        'RESOURCE_EXHAUSTED',
        'Resource has been exhausted (e.g. check quota).',
        'rate_limited',
      ),
      reading('not allowed', 403, 'PERMISSION_DENIED', 'Permission denied.', 'credential_refused'),
      reading(
        'too long',
        400,
        'INVALID_ARGUMENT',
        'The input token count exceeds the maximum number of tokens allowed.',
        'client_error',
      ),
      reading(
        'overloaded',
        503,
        'UNAVAILABLE',
        'The model is overloaded. Please try again later.',
        'provider_error',
      ),
    ],
    data: {
      zeroDataRetention: false,
      source: 'https://ai.google.dev/gemini-api/docs/zdr',
      remark:
        'Paid projects are not trained on, unpaid ones may be. Kept for a time against abuse unless Google has approved otherwise.',
    },
    docs: 'gemini',
    referenceUrl: 'https://ai.google.dev/api/generate-content',
  }),
  cohere: providerEntry('Cohere', 'cohere', {
    litellmPrefixByMode: { chat: 'cohere_chat', completion: 'cohere_chat', responses: 'cohere_chat' },
    dialect: 'cohere',
    vendorBaseUrl: 'https://api.cohere.com',
    litellmBaseUrl: cohereRoute,
    // Its embeddings are another route, which a key cannot tell.
    ownBaseUrl: (baseUrl) => cohereRoute(baseUrl, 'chat'),
    environmentVariable: 'COHERE_API_KEY',
    keyFormat: { hint: '40 letters and digits' },
    probe: { keyRequest: 'POST /v1/check-api-key', liveness: null },
    errors: [
      reading('wrong key', 401, null, 'invalid api token', 'credential_refused'),
      reading('blocked key', 498, null, 'blocked', 'credential_refused'),
      reading(
        'too fast',
        429,
        null,
        'You are past the per minute request limit, please wait and try again later.',
        'rate_limited',
      ),
      reading('too long', 400, null, 'too many tokens: size limit exceeded by 11326 tokens.', 'client_error'),
    ],
    docs: 'cohere',
    referenceUrl: 'https://docs.cohere.com/reference/chat',
  }),
  mistral: providerEntry('Mistral', 'mistral', {
    vendorBaseUrl: 'https://api.mistral.ai/v1',
    ownBaseUrl: withoutV1,
    environmentVariable: 'MISTRAL_API_KEY',
    keyFormat: { hint: '32 letters and digits' },
    probe: { keyRequest: 'GET /models', liveness: null },
    direct: directWay([...chat, 'embeddings'], {
      takesStreamOptions: false,
      // "Mistral always needs a /v1 at the end"
      rootOf: below('/v1'),
    }),
    errors: [
      reading('wrong key', 401, null, 'Unauthorized', 'credential_refused'),
      reading('too fast', 429, '1300', 'Rate limit exceeded', 'rate_limited'),
      reading('unknown model', 400, 'invalid_model', 'Invalid model: x', 'model_unknown'),
    ],
    data: {
      zeroDataRetention: false,
      source: 'https://docs.mistral.ai/admin/monitor-comply/zero-data-retention',
      remark: 'Zero retention on request, on paid plans.',
    },
    docs: 'mistral',
    referenceUrl: 'https://docs.mistral.ai/api',
  }),
  perplexity: providerEntry('Perplexity', 'perplexity', {
    vendorBaseUrl: 'https://api.perplexity.ai',
    environmentVariable: 'PERPLEXITYAI_API_KEY',
    keyFormat: { hint: 'pplx- and 48 more', prefixes: ['pplx-'] },
    probe: { keyRequest: 'GET /async/chat/completions', liveness: null },
    direct: directWay(chat, { takesStreamOptions: false }),
    errors: [
      reading('wrong key (the body may be HTML)', 401, null, null, 'credential_refused'),
      reading('too fast', 429, null, 'Request rate limit exceeded, please try again later.', 'rate_limited'),
      reading('no credit', 402, null, null, 'payment_required'),
    ],
    data: {
      zeroDataRetention: true,
      trainsOnData: false,
      source: 'https://docs.perplexity.ai/docs/resources/privacy-security',
      remark: 'Of the Sonar API.',
    },
    docs: 'perplexity',
    referenceUrl: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
  }),
} satisfies Record<string, ProviderEntry>;
