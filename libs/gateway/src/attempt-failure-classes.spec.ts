import fc from 'fast-check';
import { type FailureReason, failureReasons } from './attempt-failure';
import { classifyAnswer } from './attempt-failure-classes';
import { noErrorFields, readErrorFields, statusOfError } from './attempt-failure-fields';

type Via = 'litellm' | 'openrouter' | 'direct';

const reasonOf = (via: Via, provider: string | null, status: number | null, body: unknown): FailureReason =>
  classifyAnswer({ via, provider, status, error: readErrorFields(body) }).reason;
const openai = (code: unknown, message = 'x', type: unknown = null): object => ({
  error: { message, type, code, param: null },
});
const google = (reason: string): object => [
  { error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details: [{ reason }] } },
];

describe('an error that a provider answered directly', () => {
  const rows: [string | null, number, unknown, FailureReason][] = [
    ['openai', 408, {}, 'timeout'],
    ['openai', 409, {}, 'conflict'],
    ['openai', 500, {}, 'provider_error'],
    ['openai', 502, '<html>', 'provider_error'],
    ['openai', 503, {}, 'provider_error'],
    ['openai', 504, {}, 'timeout'],
    [
      'anthropic',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
      'provider_error',
    ],
    ['groq', 498, openai('capacity_exceeded'), 'provider_error'],
    ['groq', 499, {}, 'provider_error'],
    ['cohere', 498, { message: 'invalid api token' }, 'credential_refused'],
    ['openai', 429, openai('rate_limit_exceeded'), 'rate_limited'],
    ['openai', 429, openai('insufficient_quota'), 'payment_required'],
    ['openai', 402, {}, 'payment_required'],
    [
      'anthropic',
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access' },
      },
      'payment_required',
    ],
    ['openai', 401, openai('invalid_api_key'), 'credential_refused'],
    ['gemini', 400, google('API_KEY_INVALID'), 'credential_refused'],
    [
      'xai',
      400,
      { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xx' },
      'credential_refused',
    ],
    ['together_ai', 400, openai('invalid_api_key'), 'credential_refused'],
    ['openai', 403, openai('unsupported_country_region_territory'), 'credential_refused'],
    ['groq', 400, openai('organization_restricted'), 'credential_refused'],
    ['openai', 404, openai('model_not_found'), 'model_unknown'],
    ['groq', 400, openai('model_decommissioned'), 'model_unknown'],
    [
      'mistral',
      400,
      { object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' },
      'model_unknown',
    ],
    ['openai', 400, openai('context_length_exceeded'), 'client_error'],
    ['openai', 400, openai('content_policy_violation'), 'client_error'],
    ['azure', 400, openai('content_filter'), 'client_error'],
    ['together_ai', 403, openai(null, 'the maximum context length is 4096'), 'client_error'],
    ['openai', 400, openai(null, 'bad parameter'), 'client_error'],
    ['openai', 404, openai('previous_response_not_found'), 'client_error'],
    ['openai', 413, {}, 'client_error'],
    ['openai', 422, { detail: [{ msg: 'field required' }] }, 'client_error'],
    // What the client wrote may be quoted, but says nothing.
    ['openai', 400, openai(null, "unknown parameter 'Incorrect API key provided'"), 'client_error'],
    ['openai', 400, openai(null, 'bad {"error":{"code":"invalid_api_key"}}'), 'client_error'],
    [null, 302, {}, 'invalid_answer'],
  ];
  it.each(rows)('%s %d %j: %s', (provider, status, body, reason) => {
    expect(reasonOf('direct', provider, status, body)).toBe(reason);
  });
});

describe('an error of OpenRouter', () => {
  const rows: [number, object, FailureReason][] = [
    [401, { code: 401, message: 'User not found' }, 'credential_refused'],
    [402, { code: 402, message: 'Insufficient credits' }, 'payment_required'],
    [
      403,
      { code: 403, message: 'flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } },
      'client_error',
    ],
    [
      403,
      { code: 403, message: 'region', metadata: { error_type: 'permission_denied' } },
      'credential_refused',
    ],
    [400, { code: 400, message: 'foo/bar is not a valid model ID' }, 'model_unknown'],
    [
      400,
      { code: 400, message: 'x', availability: { code: 'model_not_found', retryable: false } },
      'model_unknown',
    ],
    [
      404,
      { code: 404, message: 'No endpoints found', availability: { code: 'no_endpoints' } },
      'model_unknown',
    ],
    [400, { code: 400, message: 'x', metadata: { error_type: 'context_length_exceeded' } }, 'client_error'],
    [
      429,
      { code: 429, message: 'x', availability: { code: 'capacity_exhausted', retryable: true } },
      'rate_limited',
    ],
    [524, { code: 524, message: 'x' }, 'timeout'],
    [529, { code: 529, message: 'x' }, 'provider_error'],
  ];
  it.each(rows)('%d %j: %s', (status, error, reason) => {
    expect(reasonOf('openrouter', 'openrouter', status, { error })).toBe(reason);
    // The same inside a 200, once generation had begun.
    expect(reasonOf('openrouter', 'openrouter', statusOfError(readErrorFields({ error })), { error })).toBe(
      reason,
    );
  });
});

describe('an error that LiteLLM answered', () => {
  const wrapped = (litellmClass: string, text: string): string =>
    `litellm.${litellmClass}: ${litellmClass}: OpenAIException - ${text}. Received Model Group=demo\nAvailable Model Group Fallbacks=None`;
  const rows: [number, object, FailureReason][] = [
    [
      401,
      openai(
        '401',
        wrapped('AuthenticationError', 'Incorrect API key provided: sk-x'),
        'authentication_error',
      ),
      'credential_refused',
    ],
    [
      401,
      openai(
        '401',
        'litellm.AuthenticationError: AnthropicException - {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
        'auth_error',
      ),
      'credential_refused',
    ],
    [
      400,
      openai(
        '400',
        'litellm.BadRequestError: GeminiException BadRequestError - {"error":{"code":400,"message":"API key not valid. Please pass","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}',
      ),
      'credential_refused',
    ],
    [403, openai('403', wrapped('PermissionDeniedError', 'region')), 'credential_refused'],
    [429, openai('429', wrapped('RateLimitError', 'slow down'), 'throttling_error'), 'rate_limited'],
    [429, openai('429', 'budget', 'budget_exceeded'), 'client_error'],
    [
      429,
      openai(
        '429',
        wrapped('RateLimitError', '{"error":{"code":"insufficient_quota","message":"x"}}'),
        'throttling_error',
      ),
      'payment_required',
    ],
    [500, openai('500', wrapped('InternalServerError', 'x'), 'internal_server_error'), 'provider_error'],
    [503, openai('503', wrapped('ServiceUnavailableError', 'x'), 'internal_server_error'), 'provider_error'],
    [408, openai('408', 'litellm.Timeout: Connection timed out', 'invalid_request_error'), 'timeout'],
    [
      400,
      openai('400', wrapped('ContextWindowExceededError', 'too long'), 'invalid_request_error'),
      'client_error',
    ],
    [
      400,
      openai('400', wrapped('ContentPolicyViolationError', 'bad'), 'invalid_request_error'),
      'client_error',
    ],
    [
      400,
      openai('400', wrapped('BadRequestError', 'bad parameter'), 'invalid_request_error'),
      'client_error',
    ],
    [404, openai('404', wrapped('NotFoundError', 'The model `x` does not exist')), 'model_unknown'],
    [
      400,
      openai('400', '/chat/completions: Invalid model name passed in model=x. Call', 'invalid_request_error'),
      'model_unknown',
    ],
    [400, openai('400', 'No connected db.', 'no_db_connection'), 'litellm_error'],
    [401, openai('401', 'Authentication Error, boom', 'auth_error'), 'litellm_error'],
    [403, openai('403', 'not on the list', 'key_model_access_denied'), 'litellm_error'],
    // A provider's words inside LiteLLM's own text.
    [
      400,
      openai('400', wrapped('BadRequestError', 'bad {"error":{"code":"invalid_api_key"}}')),
      'client_error',
    ],
  ];
  it.each(rows)('%d %j: %s', (status, body, reason) => {
    expect(reasonOf('litellm', null, status, body)).toBe(reason);
  });

  it.each([
    'signalbox_context_error',
    'signalbox_credential_unusable',
    'signalbox_credential_unavailable',
    'signalbox_deployment_unavailable',
  ])('%s is ours, by its type or by how its message begins', (mark) => {
    for (const error of [
      { message: 'x', type: mark },
      { message: `${mark}: x`, type: 'api_error' },
    ]) {
      const answer = { provider: null, status: 500, error: readErrorFields({ error }) };
      expect(classifyAnswer({ via: 'litellm', ...answer })).toEqual({
        reason: 'litellm_error',
        ownMark: mark,
        isTooLong: false,
      });
      expect(classifyAnswer({ via: 'direct', ...answer }).ownMark).toBeNull();
    }
    const message = `litellm.BadRequestError: OpenAIException - ${mark}: x`;
    expect(reasonOf('litellm', null, 400, { error: { message } })).toBe('client_error');
  });
});

describe('a request that is longer than the model takes', () => {
  const isTooLong = (via: Via, status: number, body: unknown): boolean =>
    classifyAnswer({ via, provider: 'openai', status, error: readErrorFields(body) }).isTooLong;
  const refused = 'invalid_request_error';

  it.each<[Via, object]>([
    ['litellm', openai('400', 'litellm.ContextWindowExceededError: litellm.BadRequestError: x', refused)],
    ['direct', openai('context_length_exceeded', 'Your input exceeds the context window.', refused)],
    ['openrouter', openai(400, "This endpoint's maximum context length is 8192 tokens.")],
    [
      'direct',
      { type: 'error', error: { type: refused, message: 'prompt is too long: 2 tokens > 1 maximum' } },
    ],
  ])('is told from other mistakes: %s %j', (via, body) => {
    expect(isTooLong(via, 400, body)).toBe(true);
  });

  it.each<[number, object]>([
    [400, openai('400', 'litellm.BadRequestError: OpenAIException - bad parameter', refused)],
    [400, openai('400', 'litellm.ContentPolicyViolationError: bad', refused)],
    // A limit of tokens per minute.
    [429, openai('rate_limit_exceeded', 'Too many tokens in this minute', 'tokens')],
    [500, openai('500', 'maximum context length unknown')],
  ])('is not every other one: %i %j', (status, body) => {
    expect(isTooLong('litellm', status, body)).toBe(false);
  });
});

describe('a quota', () => {
  const begin = 'You exceeded your current quota, please check your plan and billing details.';
  it.each([
    [begin, 'payment_required'],
    [
      `${begin} For more information on this error, read the docs: https://platform.openai.com/docs/x.`,
      'payment_required',
    ],
    [`${begin} For more information on this error, head to: https://ai.google.dev/x.`, 'rate_limited'],
  ])('behind LiteLLM: %s', (text, reason) => {
    const message = `litellm.RateLimitError: RateLimitError: OpenAIException - ${text}. Received Model Group=demo`;
    expect(
      reasonOf('litellm', null, 429, { error: { message, type: 'throttling_error', code: '429' } }),
    ).toBe(reason);
  });
});

describe('any error', () => {
  it('has a known reason, and moves on for everything but 4xx', () => {
    const via = fc.constantFrom<Via>('litellm', 'openrouter', 'direct');
    const status = fc.integer({ min: 100, max: 999 });
    fc.assert(
      fc.property(
        via,
        fc.option(fc.string()),
        fc.option(status),
        fc.jsonValue(),
        (by, provider, code, body) => {
          const reason = reasonOf(by, provider, code, body);
          expect(failureReasons).toContain(reason);
          if (code === null || code < 400 || code >= 500) expect(reason).not.toBe('client_error');
        },
      ),
    );
  });

  it('without a word is judged by its status alone', () => {
    expect(readErrorFields('<html>')).toEqual(noErrorFields);
    expect(statusOfError(readErrorFields({ error: 'x' }))).toBeNull();
    expect(reasonOf('direct', null, null, { error: 'x' })).toBe('error_event');
  });

  it.each([
    [{ detail: { error: 'model parameter is required' } }, 'model parameter is required'],
    [{ detail: { error: { message: 'too fast' } } }, 'too fast'],
    [{ detail: 'Not Found' }, 'Not Found'],
    [{ error: 'Unauthorized' }, 'Unauthorized'],
    [{ message: 'invalid api token' }, 'invalid api token'],
    [[{ error: { message: 'in a list' } }], 'in a list'],
    [{ detail: [{ msg: 'field required' }] }, null],
    [null, null],
  ])('is read from %j', (body, message) => {
    expect(readErrorFields(body).message).toBe(message);
  });
});
