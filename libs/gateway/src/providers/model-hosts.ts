import { below, directWay, type ProviderEntry, providerEntry, reading, withoutV1 } from './provider-entry';

const chat = ['chat_completions'];

/** resolve_fireworks_resource_name */
function fireworksModel(name: string): string {
  if (name.startsWith('accounts/') || name.startsWith('FW-') || name.includes('#')) return name;
  if (/^(routers|models)\//.test(name)) return `accounts/fireworks/${name}`;
  return `accounts/fireworks/${name.endsWith('-fast') ? 'routers' : 'models'}/${name}`;
}

/** `org/model`. LiteLLM looks `provider/org/model` up at the hub for each call; that is not worth doing here. */
function huggingfaceModel(name: string): string | null {
  return /^[^/]+\/[^/]+$/.test(name) ? name : null;
}

/** Who serves the models of many makers, at an address that everybody knows. */
export const modelHosts = {
  groq: providerEntry('Groq', 'groq', {
    vendorBaseUrl: 'https://api.groq.com/openai/v1',
    environmentVariable: 'GROQ_API_KEY',
    keyFormat: { hint: 'gsk_ and 52 more', prefixes: ['gsk_'] },
    probe: { keyRequest: 'GET /models', liveness: null },
    direct: directWay(chat),
    errors: [
      reading('wrong key', 401, 'invalid_api_key', 'Invalid API Key', 'credential_refused'),
      reading('too fast', 429, 'rate_limit_exceeded', 'Rate limit reached for model.', 'rate_limited'),
      reading(
        'account restricted',
        400,
        'organization_restricted',
        'Organization has been restricted.',
        'credential_refused',
      ),
      reading(
        'no capacity (flex)',
        498,
        'capacity_exceeded',
        'Flex tier capacity exceeded.',
        'provider_error',
      ),
      reading(
        'retired model',
        400,
        'model_decommissioned',
        'The model has been decommissioned.',
        'model_unknown',
      ),
    ],
    data: {
      source: 'https://console.groq.com/docs/your-data',
      remark:
        'Not kept by default, but may be for up to 30 days where reliability or abuse asks for it: zero retention is a setting of the account.',
    },
    docs: 'groq',
    referenceUrl: 'https://console.groq.com/docs/api-reference',
  }),
  together: providerEntry('Together AI', 'together_ai', {
    vendorBaseUrl: 'https://api.together.xyz/v1',
    environmentVariable: 'TOGETHERAI_API_KEY',
    keyFormat: { hint: '64 hexadecimal digits, or tgp_v1_...', prefixes: ['tgp_v1_'] },
    probe: { keyRequest: 'GET /models', liveness: null },
    direct: directWay([...chat, 'completions', 'embeddings']),
    errors: [
      reading('wrong key', 401, 'invalid_api_key', 'Invalid API key provided.', 'credential_refused'),
      reading('malformed key', 400, 'invalid_api_key', 'Invalid API key provided.', 'credential_refused'),
      reading('too long', 403, null, 'the maximum context length is 4096', 'client_error'),
      reading('spending limit', 402, null, 'You have reached your spending limit.', 'payment_required'),
      reading('too fast', 429, 'rate_limit_exceeded', 'You have been rate limited.', 'rate_limited'),
    ],
    data: {
      trainsOnData: false,
      source: 'https://docs.together.ai/docs/zero-data-retention',
      remark: 'Training is opt-in. Zero retention is a setting of the organization.',
    },
    docs: 'togetherai',
    referenceUrl: 'https://docs.together.ai/reference/chat-completions',
  }),
  huggingface: providerEntry('Hugging Face', 'huggingface', {
    vendorBaseUrl: 'https://router.huggingface.co/v1',
    ownBaseUrl: withoutV1,
    environmentVariable: 'HUGGINGFACE_API_KEY',
    keyFormat: { hint: 'hf_ and 34 more', prefixes: ['hf_'] },
    probe: { keyRequest: 'GET https://huggingface.co/api/whoami-v2', liveness: null },
    direct: directWay(chat, { rootOf: below('/v1'), modelName: huggingfaceModel }),
    errors: [
      reading('wrong key', 401, null, 'Invalid username or password.', 'credential_refused'),
      reading('no credit', 402, null, 'You have exceeded your monthly included credits.', 'payment_required'),
      reading('too fast', 429, null, 'Too many requests', 'rate_limited'),
    ],
    data: { remark: 'Depends on who serves the model behind the router.' },
    docs: 'huggingface',
    referenceUrl: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
  }),
  fireworks: providerEntry('Fireworks AI', 'fireworks_ai', {
    vendorBaseUrl: 'https://api.fireworks.ai/inference/v1',
    environmentVariable: 'FIREWORKS_AI_API_KEY',
    keyFormat: { hint: 'fw_...; older ones have no prefix', prefixes: ['fw_'] },
    probe: { keyRequest: 'GET /models', liveness: null },
    direct: directWay([...chat, 'completions'], { modelName: fireworksModel }),
    errors: [
      reading('wrong key', 401, 'UNAUTHORIZED', 'The API key you provided is invalid.', 'credential_refused'),
      reading('too fast', 429, 'rate_limit_exceeded', 'Request rate limit exceeded', 'rate_limited'),
      reading(
        'unknown model',
        404,
        'NOT_FOUND',
        'Model not found, inaccessible, and/or not deployed',
        'model_unknown',
      ),
    ],
    data: {
      zeroDataRetention: true,
      trainsOnData: false,
      source: 'https://docs.fireworks.ai/guides/security_compliance/data_handling',
      remark:
        'Of open models; its Responses API keeps conversations unless told otherwise, and is not called.',
    },
    docs: 'fireworks_ai',
    referenceUrl: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  }),
  openrouter: providerEntry('OpenRouter', 'openrouter', {
    vendorBaseUrl: 'https://openrouter.ai/api/v1',
    environmentVariable: 'OPENROUTER_API_KEY',
    keyFormat: { hint: 'sk-or-v1- and 64 hexadecimal digits', prefixes: ['sk-or-'] },
    probe: { keyRequest: 'GET /key', liveness: null },
    errors: [
      reading('wrong key', 401, null, 'User not found.', 'credential_refused'),
      reading('no credit', 402, null, 'Insufficient credits', 'payment_required'),
      reading('too fast', 429, null, 'Rate limit exceeded: free-models-per-min', 'rate_limited'),
      reading('unknown model', 400, null, 'foo/bar is not a valid model ID', 'model_unknown'),
      reading('its provider is down', 502, null, 'Provider returned error', 'provider_error'),
    ],
    data: {
      source: 'https://openrouter.ai/docs/features/zdr',
      remark: 'Depends on who serves the model: the catalogue knows it for each endpoint.',
    },
    docs: 'openrouter',
    referenceUrl: 'https://openrouter.ai/docs/api-reference/chat-completion',
    remark: 'Also the way around LiteLLM while it is down.',
  }),
} satisfies Record<string, ProviderEntry>;
