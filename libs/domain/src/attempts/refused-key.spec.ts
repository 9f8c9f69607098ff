import { refusedKey } from './refused-key';

const failure = {
  status: 'failure' as const,
  error_class: 'APIError',
  status_code: 500,
  provider: 'openai',
};

describe('a failed call', () => {
  it.each([
    ['401', { status_code: 401 }],
    ['402', { status_code: 402 }],
    ['403', { status_code: 403 }],
    ['an authentication error without a status', { error_class: 'AuthenticationError', status_code: null }],
    [
      "Gemini's 400 to a bad key",
      { error_class: 'AuthenticationError', provider: 'gemini', status_code: 400 },
    ],
    ['a permission that is missing', { error_class: 'PermissionDeniedError', status_code: null }],
    ["Cohere's 498", { provider: 'cohere_chat', status_code: 498 }],
    ['a quota that is used up', { error_class: 'OutOfCredit', status_code: 429 }],
  ])('is a reason to check the key: %s', (_what, fields) => {
    expect(refusedKey({ ...failure, ...fields })).toBe(true);
  });

  it.each([
    ['500', {}],
    ['429', { error_class: 'RateLimitError', status_code: 429 }],
    ['404', { error_class: 'NotFoundError', status_code: 404 }],
    ['400', { error_class: 'BadRequestError', status_code: 400 }],
    ['no status', { error_class: 'Timeout', status_code: null }],
    ["Groq's 498: no capacity", { provider: 'groq', status_code: 498 }],
    ["Together's 403: the prompt is too long", { provider: 'together_ai', status_code: 403 }],
    ['none at all', { status: 'success' as const, error_class: null, status_code: 401 }],
  ])('is no reason: %s', (_what, fields) => {
    expect(refusedKey({ ...failure, ...fields })).toBe(false);
  });
});
