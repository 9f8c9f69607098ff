import { type Faults, html, openaiError, openaiLike } from './vendor-openai-dialect';
import { jsonReply } from './vendor.types';

export const openai = openaiLike({
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  basePath: '/v1',
  extra: { service_tier: 'default', system_fingerprint: 'fp_1' },
});

export const mistral = openaiLike({
  docs: 'https://docs.mistral.ai/api/endpoint/chat',
  basePath: '/v1',
  sendsUsage: true,
  faults: {
    refused: jsonReply(401, { detail: 'Unauthorized' }),
    limited: jsonReply(429, {
      object: 'error',
      message: 'Rate limit exceeded',
      type: 'rate_limited',
      param: null,
      code: '1300',
      raw_status_code: 429,
    }),
    tooLong: jsonReply(400, {
      object: 'error',
      message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_prompt',
      param: null,
      code: '3051',
      raw_status_code: 400,
    }),
    overloaded: jsonReply(503, {
      object: 'error',
      message: 'Service unavailable.',
      type: 'unreachable_backend',
      param: null,
      code: '1100',
    }),
  },
});

export const perplexity = openaiLike({
  docs: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
  basePath: '',
  sendsUsage: true,
  extra: {
    citations: ['https://example.com/a'],
    search_results: [{ title: 'A', url: 'https://example.com/a', date: null }],
  },
  faults: {
    refused: html(401, 'Authorization Required'),
    limited: openaiError(
      429,
      'request_rate_limit_exceeded',
      429,
      'Request rate limit exceeded, please try again later.',
    ),
    tooLong: openaiError(
      400,
      'bad_request',
      400,
      'The prompt is too long for the context length of the model.',
    ),
    overloaded: html(502, 'Bad Gateway'),
  },
});

export const groq = openaiLike({
  docs: 'https://console.groq.com/docs/errors',
  basePath: '/openai/v1',
  sendsUsage: true,
  // Without service_tier LiteLLM's own code for Groq breaks.
  extra: { x_groq: { id: 'req_1' }, system_fingerprint: 'fp_1', service_tier: 'on_demand' },
  faults: {
    refused: jsonReply(401, {
      error: { message: 'Invalid API Key', type: 'invalid_request_error', code: 'invalid_api_key' },
    }),
    limited: jsonReply(
      429,
      {
        error: {
          message:
            'Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_1` service tier `on_demand` on requests per minute (RPM): Limit 30, Used 30, Requested 1. Please try again in 2s.',
          type: 'requests',
          code: 'rate_limit_exceeded',
        },
      },
      { 'retry-after': '2', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2s' },
    ),
    overloaded: jsonReply(503, { error: { message: 'Service unavailable', type: 'internal_server_error' } }),
  },
});

export const together = openaiLike({
  docs: 'https://docs.together.ai/docs/error-codes',
  basePath: '/v1',
  sendsUsage: true,
  extra: { prompt: [] },
  faults: {
    refused: openaiError(
      401,
      'invalid_request_error',
      'invalid_api_key',
      'Invalid API key provided. You can find your API key at https://api.together.xyz/settings/api-keys.',
    ),
    limited: openaiError(
      429,
      'rate_limit',
      'rate_limit',
      'You have reached the rate limit specific to this model. The maximum rate limit for this model is 60 queries per minute.',
      { 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
    ),
    tooLong: openaiError(
      403,
      'invalid_request_error',
      null,
      "This model's maximum context length is 4097 tokens. However, you requested 9000 tokens.",
    ),
  },
});

export const huggingface = openaiLike({
  docs: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
  basePath: '/v1',
  sendsUsage: true,
  faults: {
    refused: jsonReply(401, { error: 'Invalid username or password.' }),
    limited: jsonReply(
      429,
      { error: 'Too Many Requests: you have reached your hourly quota' },
      { ratelimit: '"api";r=0;t=55', 'retry-after': '55' },
    ),
    tooLong: jsonReply(422, {
      error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9000',
      error_type: 'validation',
    }),
    overloaded: jsonReply(503, { error: 'Model too busy, unable to get response in less than 60 seconds' }),
  },
});

export const fireworks = openaiLike({
  docs: 'https://docs.fireworks.ai/guides/inference-error-codes',
  basePath: '/inference/v1',
  faults: {
    refused: jsonReply(401, {
      error: {
        object: 'error',
        type: 'invalid_request_error',
        code: 'UNAUTHORIZED',
        message: 'The API key you provided is invalid.',
      },
    }),
    limited: jsonReply(429, {
      error: {
        object: 'error',
        type: 'invalid_request_error',
        code: 'rate_limit_exceeded',
        message: 'Request rate limit exceeded',
      },
    }),
    tooLong: jsonReply(400, {
      error: {
        object: 'error',
        type: 'invalid_request_error',
        code: 'invalid_request_error',
        message: 'The prompt is too long: 140000, model maximum context length: 131071',
      },
    }),
  },
});

export const openrouter = openaiLike({
  docs: 'https://openrouter.ai/docs/api-reference/errors',
  basePath: '/api/v1',
  sendsUsage: true,
  extra: { provider: 'OpenAI', system_fingerprint: 'fp_1' },
  preamble: ': OPENROUTER PROCESSING\n\n',
  faults: {
    refused: jsonReply(401, { error: { message: 'User not found.', code: 401 } }),
    limited: jsonReply(
      429,
      {
        error: {
          message: 'Rate limit exceeded: free-models-per-min. ',
          code: 429,
          metadata: { error_type: 'rate_limit_exceeded', provider_name: null },
        },
      },
      { 'retry-after': '30', 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0' },
    ),
    tooLong: jsonReply(400, {
      error: {
        message:
          "This endpoint's maximum context length is 128000 tokens. However, you requested about 140000 tokens.",
        code: 400,
        metadata: { error_type: 'context_length_exceeded', provider_name: null },
      },
    }),
    overloaded: jsonReply(502, {
      error: {
        message: 'Provider returned error',
        code: 502,
        metadata: { error_type: 'provider_unavailable', provider_name: 'OpenAI' },
      },
    }),
  },
});

/** vLLM has no limits of its own: a 429 comes from what stands before it. */
const plainServer: Partial<Faults> = {
  refused: jsonReply(401, { error: 'Unauthorized' }),
  limited: jsonReply(
    429,
    { error: { message: 'Too Many Requests', type: 'rate_limit_error', code: 429 } },
    { 'retry-after': '1' },
  ),
  overloaded: {
    status: 503,
    body: 'upstream connect error or disconnect/reset before headers',
    contentType: 'text/plain',
  },
};

export const vllm = openaiLike({
  docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  basePath: '/v1',
  isOpen: true,
  extra: { kv_transfer_params: null },
  faults: {
    ...plainServer,
    tooLong: jsonReply(400, {
      error: {
        message:
          "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8900 in the messages, 100 in the completion).",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    }),
  },
});

export const openaiCompatible = openaiLike({
  docs: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
  basePath: '/v1',
  isOpen: true,
  extra: { timings: { prompt_n: 1, predicted_n: 1 } },
  faults: {
    ...plainServer,
    tooLong: jsonReply(400, {
      error: {
        code: 400,
        message: 'the request exceeds the available context size, try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 9000,
        n_ctx: 8192,
      },
    }),
  },
});
