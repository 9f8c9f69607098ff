import fc from 'fast-check';
import { type FailureReason, failureReasons } from './attempt-failure';
import { type FailedAttempt, type FailedRequest, finalError } from './attempt-outcome';
import { gatewayErrorCodes } from './gateway-error-codes';

function failed(reason: FailureReason, change: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    route: 'litellm',
    reason,
    phase: 'answered',
    retryAfterMs: null,
    hasShown: true,
    isAskedModel: true,
    ...change,
  };
}

function told(failures: FailedAttempt[], change: Partial<FailedRequest> = {}): string {
  const request = {
    failures,
    skipped: 0,
    skippedRetryAfterMs: null,
    isTimeOver: false,
    isRouteServedAround: true,
    ...change,
  };
  const error = finalError(request);
  const name = error.kind === 'shown' ? `shown ${error.index}` : error.code;
  const retry = error.kind === 'code' && error.retryAfterMs !== null ? ` after ${error.retryAfterMs}` : '';
  return `${name}${retry}${error.isFinal ? '' : ', retryable'}`;
}

const around = { route: 'openrouter' } as const;
const unsent = { phase: 'not_sent', hasShown: false } as const;
const unanswered = { phase: 'no_answer', hasShown: false } as const;

it.each<[string, FailedAttempt[], Partial<FailedRequest>, string]>([
  [
    "the client's own error, whatever came before",
    [failed('rate_limited'), failed('client_error')],
    {},
    'shown 1',
  ],
  [
    'what a stand-in finds wrong with the request',
    [failed('provider_error'), failed('client_error', { isAskedModel: false })],
    {},
    'all_providers_unavailable',
  ],
  ['the same, where nobody else was asked', [failed('client_error', { isAskedModel: false })], {}, 'shown 0'],
  ['one kind of error: the last one', [failed('rate_limited'), failed('rate_limited')], {}, 'shown 1'],
  [
    'two kinds',
    [failed('rate_limited', { retryAfterMs: 9_000 }), failed('provider_error', { retryAfterMs: 4_000 })],
    {},
    'all_providers_unavailable after 4000',
  ],
  [
    'one kind, and a breaker',
    [failed('rate_limited')],
    { skipped: 1, skippedRetryAfterMs: 700 },
    'all_providers_unavailable after 700',
  ],
  [
    'breakers only',
    [],
    { skipped: 2, skippedRetryAfterMs: 3_000 },
    'all_providers_unavailable after 3000, retryable',
  ],
  [
    'no connection to a provider',
    [failed('connect_error', { route: 'direct', ...unsent })],
    {},
    'all_providers_unavailable',
  ],
  ['nobody in time', [failed('first_byte_timeout', unanswered)], { isTimeOver: true }, 'provider_timeout'],
  ['no time at all', [], { isTimeOver: true }, 'provider_timeout'],
  ['rubbish', [failed('invalid_answer', { hasShown: false })], {}, 'provider_answer_invalid'],
  ['LiteLLM away', [failed('litellm_down', unsent)], {}, 'litellm_unavailable, retryable'],
  [
    'LiteLLM away, on a route without another way',
    [failed('litellm_down', unsent)],
    { isRouteServedAround: false },
    'route_needs_litellm, retryable',
  ],
  ['LiteLLM gone in the middle', [failed('litellm_down', unanswered)], {}, 'litellm_no_answer, retryable'],
  ["LiteLLM's own error", [failed('litellm_error')], {}, 'shown 0, retryable'],
  [
    'LiteLLM away, then a provider',
    [failed('litellm_down', unsent), failed('rate_limited', around)],
    {},
    'shown 1',
  ],
  [
    'LiteLLM away, and our key for OpenRouter is wrong',
    [failed('litellm_down', unsent), failed('credential_refused', around)],
    {},
    'litellm_unavailable, retryable',
  ],
  [
    'LiteLLM away, and our account at OpenRouter is empty',
    [failed('litellm_error'), failed('payment_required', around)],
    {},
    'shown 0, retryable',
  ],
  ["a tenant's key is refused", [failed('credential_refused')], {}, 'shown 0'],
])('%s', (_name, failures, change, expected) => {
  expect(told(failures, change)).toBe(expected);
});

it('always says something that exists, and never shows what is not there', () => {
  const attempt = fc.record({
    route: fc.constantFrom('litellm', 'openrouter', 'direct'),
    reason: fc.constantFrom(...failureReasons),
    phase: fc.constantFrom('not_sent', 'no_answer', 'answered'),
    retryAfterMs: fc.option(fc.nat(100_000)),
    hasShown: fc.boolean(),
    isAskedModel: fc.boolean(),
  } as const);
  const request = fc.record({
    failures: fc.array(attempt, { maxLength: 5 }),
    skipped: fc.nat(2),
    skippedRetryAfterMs: fc.option(fc.nat(10_000)),
    isTimeOver: fc.boolean(),
    isRouteServedAround: fc.boolean(),
  });
  fc.assert(
    fc.property(request, (given) => {
      const error = finalError(given);
      if (error.kind === 'shown') expect(given.failures[error.index]?.hasShown).toBe(true);
      else expect(gatewayErrorCodes[error.code].status).toBeGreaterThanOrEqual(500);
    }),
    { numRuns: 1_000 },
  );
});
