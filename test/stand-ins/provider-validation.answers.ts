/** What the providers answer on the routes that check a key: shapes and errors as their documentation and SDKs have them. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a provider answers each sort of key. */
export interface Dialect {
  /** Of the route that checks keys, below the base URL's own path. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What a user gives as base URL, below the stand-in's origin. */
  readonly basePath: string;
  readonly keyHeader: 'authorization' | 'x-api-key' | 'x-goog-api-key';
  readonly good: unknown;
  readonly badKey: Answer;
  readonly outOfCredit: Answer;
  /** The key is good, and this is not allowed to it. */
  readonly forbidden: Answer;
  /** Lists that anybody may read: a check by them would take any text for a key. */
  readonly publicPaths?: readonly string[];
}

const openaiModels = {
  object: 'list',
  data: [{ id: 'gpt-4o', object: 'model', created: 1_715_367_049, owned_by: 'system' }],
};

function openaiError(
  status: number,
  code: string | null,
  message: string,
  type = 'invalid_request_error',
): Answer {
  return { status, body: { error: { message, type, param: null, code } } };
}

const noCredit = openaiError(402, null, 'Payment required', 'billing_error');
const region = openaiError(
  403,
  'unsupported_country_region_territory',
  'Country, region, or territory not supported',
  'request_forbidden',
);

function openaiLike(more: Partial<Dialect> = {}): Dialect {
  return {
    method: 'GET',
    path: '/v1/models',
    basePath: '/v1',
    keyHeader: 'authorization',
    good: openaiModels,
    badKey: openaiError(401, 'invalid_api_key', 'Invalid API Key'),
    outOfCredit: noCredit,
    forbidden: region,
    ...more,
  };
}

function googleError(status: number, code: string, message: string, reason: string): Answer {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' };
  return { status, body: { error: { code: status, message, status: code, details: [info] } } };
}

function anthropicError(status: number, type: string, message: string): Answer {
  return { status, body: { type: 'error', error: { type, message }, request_id: 'req_stand_in' } };
}

const openrouterKey = {
  label: 'sk-or-v1-abc...123',
  limit: 10,
  limit_remaining: 7.5,
  limit_reset: null,
  usage: 2.5,
  is_management_key: false,
  is_free_tier: false,
  expires_at: null,
  rate_limit: { requests: -1, interval: '10s' },
};

export const dialects = {
  openai: openaiLike({
    badKey: openaiError(401, 'invalid_api_key', 'Incorrect API key provided: sk-dead**key.'),
    outOfCredit: openaiError(
      429,
      'insufficient_quota',
      'You exceeded your current quota, please check your plan and billing details.',
      'insufficient_quota',
    ),
  }),
  anthropic: {
    method: 'GET',
    path: '/v1/models',
    basePath: '',
    keyHeader: 'x-api-key',
    good: {
      data: [
        {
          id: 'claude-opus-4-6',
          type: 'model',
          display_name: 'Claude Opus 4.6',
          created_at: '2026-02-04T00:00:00Z',
        },
      ],
      has_more: false,
      first_id: 'claude-opus-4-6',
      last_id: 'claude-opus-4-6',
    },
    badKey: anthropicError(401, 'authentication_error', 'invalid x-api-key'),
    outOfCredit: anthropicError(402, 'billing_error', 'Your credit balance is too low.'),
    forbidden: anthropicError(403, 'permission_error', 'Your API key does not have permission.'),
  },
  google: {
    method: 'GET',
    path: '/v1beta/models',
    basePath: '/v1beta',
    keyHeader: 'x-goog-api-key',
    good: { models: [{ name: 'models/gemini-2.5-pro', version: '2.5' }], nextPageToken: 'next' },
    badKey: googleError(
      400,
      'INVALID_ARGUMENT',
      'API key not valid. Please pass a valid API key.',
      'API_KEY_INVALID',
    ),
    outOfCredit: googleError(402, 'FAILED_PRECONDITION', 'Billing is not active.', 'BILLING_DISABLED'),
    forbidden: googleError(
      403,
      'PERMISSION_DENIED',
      'Requests from this IP address are blocked.',
      'API_KEY_IP_ADDRESS_BLOCKED',
    ),
  },
  cohere: {
    method: 'POST',
    path: '/v1/check-api-key',
    basePath: '',
    keyHeader: 'authorization',
    good: { valid: true, organization_id: 'org-1', owner_id: 'owner-1' },
    badKey: { status: 401, body: { id: '1', message: 'invalid api token' } },
    outOfCredit: {
      status: 429,
      body: { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' },
    },
    forbidden: { status: 403, body: { message: 'forbidden' } },
  },
  mistral: openaiLike({
    badKey: { status: 401, body: { detail: 'Unauthorized' } },
    outOfCredit: { status: 402, body: { message: 'payment required' } },
    forbidden: { status: 403, body: { message: 'Forbidden' } },
  }),
  perplexity: openaiLike({
    path: '/async/chat/completions',
    basePath: '',
    good: { next_token: null, requests: [] },
    badKey: {
      status: 401,
      body: '<html><head><title>401 Authorization Required</title></head></html>',
      headers: { 'content-type': 'text/html' },
    },
    publicPaths: ['/v1/models'],
  }),
  groq: openaiLike({
    path: '/openai/v1/models',
    basePath: '/openai/v1',
    forbidden: openaiError(400, 'organization_restricted', 'Organization has been restricted.'),
  }),
  together: openaiLike({
    good: [{ id: 'meta-llama/Llama-4', object: 'model', type: 'chat', pricing: { input: 0.2 } }],
    outOfCredit: openaiError(402, null, 'You have reached your spending limit.', 'credit_limit'),
  }),
  huggingface: {
    method: 'GET',
    path: '/api/whoami-v2',
    basePath: '',
    keyHeader: 'authorization',
    good: {
      type: 'user',
      id: '1',
      name: 'someone',
      isPro: false,
      canPay: true,
      orgs: [],
      auth: { type: 'access_token', accessToken: { displayName: 'token', role: 'read' } },
    },
    badKey: { status: 401, body: { error: 'Invalid credentials in Authorization header' } },
    outOfCredit: { status: 402, body: { error: 'You have exceeded your monthly included credits.' } },
    forbidden: { status: 403, body: { error: 'This token does not have the permission.' } },
  },
  fireworks: openaiLike({
    path: '/inference/v1/models',
    basePath: '/inference/v1',
    badKey: openaiError(401, 'UNAUTHORIZED', 'The API key you provided is invalid.'),
    outOfCredit: openaiError(412, 'PRECONDITION_FAILED', 'Account is suspended.'),
  }),
  openrouter: {
    method: 'GET',
    path: '/api/v1/key',
    basePath: '/api/v1',
    keyHeader: 'authorization',
    good: { data: openrouterKey },
    badKey: { status: 401, body: { error: { message: 'User not found.', code: 401 } } },
    outOfCredit: { status: 200, body: { data: { ...openrouterKey, limit_remaining: 0 } } },
    forbidden: { status: 200, body: { data: { ...openrouterKey, is_management_key: true } } },
    publicPaths: ['/api/v1/models'],
  },
  vllm: openaiLike({
    good: { object: 'list', data: [{ id: 'llama', object: 'model', max_model_len: 8_192 }] },
    badKey: { status: 401, body: { error: 'Unauthorized' } },
  }),
  openai_compatible: openaiLike({
    badKey: openaiError(400, null, 'Incorrect API key provided: xa***ey.'),
  }),
  ollama: openaiLike({
    path: '/api/tags',
    basePath: '',
    good: { models: [{ name: 'llama3:8b', model: 'llama3:8b' }] },
  }),
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;
export const dialectNames = Object.keys(dialects) as DialectName[];
