import { ManualClock } from '@signalbox/common';
import { type Dialect, noErrorFields, readErrorFields } from '@signalbox/gateway';
import type { AttemptFailure } from './answer-start';
import { answeredError, brokenConnection, invalidAnswer, streamError, tooSlow } from './failures';
import { redactError } from './redact-error';
import type { UpstreamCallOptions, UpstreamVia } from './call-options';

const optionsOf = (change: Partial<UpstreamCallOptions> = {}): UpstreamCallOptions => ({
  via: 'litellm',
  provider: null,
  routeName: 'chat_completions',
  dialect: 'openai',
  isStream: false,
  hidesUsage: false,
  firstByteTimeoutMs: 1,
  idleTimeoutMs: 1,
  totalTimeoutMs: 1,
  requestId: 'req_1',
  clock: new ManualClock(),
  ...change,
});
const answered = (
  status: number,
  body: unknown,
  change: Partial<UpstreamCallOptions> = {},
  headers: Record<string, string> = {},
): AttemptFailure => {
  const error = body === null ? noErrorFields : readErrorFields(body);
  return answeredError(optionsOf(change), { status, headers, error, body, isEvent: false });
};
const dialects: Dialect[] = ['openai', 'anthropic'];
const canary = 'sk-proj-0123456789abcdef';

describe('an error that is shown', () => {
  it('of the client keeps what it says, in its own dialect', () => {
    const error = {
      message: 'bad',
      type: 'invalid_request_error',
      param: 'x',
      code: 'c',
      inner: [1, { a: canary }],
    };
    expect(answered(400, { error, user: canary }).shown?.body).toEqual({
      error: { ...error, inner: [1, { a: 'sk-[redacted]' }] },
    });
    const said = { type: 'invalid_request_error', message: 'bad', code: 'c' };
    expect(answered(400, { error }, { dialect: 'anthropic' }).shown?.body).toEqual({
      type: 'error',
      error: said,
      request_id: 'req_1',
    });
    const anthropic = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'bad' },
      request_id: 'req_of_provider',
    };
    expect(answered(400, anthropic, { dialect: 'anthropic' }).shown?.body).toEqual({
      type: 'error',
      error: anthropic.error,
    });
    expect(answered(400, anthropic).shown?.body).toEqual({
      error: { message: 'bad', type: 'invalid_request_error' },
    });
  });

  it.each([
    ['openai', 429, 'rate_limit_error'],
    ['anthropic', 429, 'rate_limit_error'],
    ['openai', 500, 'server_error'],
    ['anthropic', 500, 'api_error'],
    ['anthropic', 529, 'overloaded_error'],
  ] as const)('of a provider has only the common fields (%s, %d)', (dialect, status, type) => {
    const error = {
      message: `too fast, ${canary}`,
      type: 'throttling_error',
      param: 'None',
      code: '429',
      raw: 'x',
    };
    const { shown } = answered(status, { error }, { dialect });
    const fields = { message: 'too fast, sk-[redacted]', type, code: '429' };
    expect(shown?.body).toEqual(
      dialect === 'openai'
        ? { error: { ...fields, param: null } }
        : { type: 'error', error: fields, request_id: 'req_1' },
    );
  });

  it.each([401, 403])('of the key of the provider (%d) is told without its text', (status) => {
    for (const dialect of dialects)
      for (const via of ['litellm', 'openrouter', 'direct'] as UpstreamVia[]) {
        const failure = answered(
          status,
          { error: { message: `bad key: my-secret ${canary}` } },
          { dialect, via },
        );
        expect(failure).toMatchObject({ reason: 'credential_refused', status, shown: { status: 502 } });
        expect(failure.shown?.body).toMatchObject({ error: { code: 'provider_credential_refused' } });
        expect(JSON.stringify(failure)).not.toMatch(/my-secret|0123456789/);
      }
  });

  it.each([
    ['signalbox_context_error', 401, 'litellm_refused_context', 503],
    ['signalbox_credential_unusable', 403, 'credential_unusable', 403],
    ['signalbox_credential_unavailable', 503, 'credential_unavailable', 503],
    ['signalbox_deployment_unavailable', 503, 'litellm_unavailable', 503],
    ['auth_error', 401, 'litellm_refused_context', 503],
    ['no_db_connection', 503, 'litellm_unavailable', 503],
  ])('of our own part of LiteLLM has its own code: %s', (type, status, code, shownStatus) => {
    for (const dialect of dialects) {
      const failure = answered(status, { error: { message: 'x', type } }, { dialect });
      expect(failure).toMatchObject({
        reason: 'litellm_error',
        ownMark: type,
        shown: { status: shownStatus },
      });
      expect(failure.shown?.body).toMatchObject({ error: { code } });
    }
  });

  it.each([[null], ['<html>'], [{}], [[]], [{ error: null }]])('without a text has one: %j', (body) => {
    for (const dialect of dialects) {
      const { shown } = answered(500, body, { dialect });
      expect(shown?.body).toMatchObject({ error: { message: 'The provider answered with an error.' } });
    }
  });

  it.each([498, 499, 520, 524, 529])('has a status that OpenAI clients know: %d', (status) => {
    expect(answered(status, null).shown?.status).toBe(503);
  });

  it('has the Retry-After of the provider, also behind LiteLLM, and as a date', () => {
    const retryAfter = (headers: Record<string, string>): unknown[] => {
      const { retryAfterMs, shown } = answered(429, null, {}, headers);
      return [retryAfterMs, shown?.headers['retry-after'], shown?.headers['x-should-retry']];
    };
    expect(retryAfter({ 'llm_provider-retry-after': '7' })).toEqual([7_000, '7', undefined]);
    expect(retryAfter({ 'retry-after-ms': '1500', 'retry-after': '9' })).toEqual([1_500, '2', undefined]);
    expect(retryAfter({ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' })).toEqual([60_000, '60', 'false']);
    expect(retryAfter({ 'retry-after': 'Thu, 01 Jan 2025 00:00:00 GMT' })).toEqual([
      null,
      undefined,
      undefined,
    ]);
  });

  it('tells the log what it was, and nothing else', () => {
    const body = {
      error: { message: 'my secret prompt', type: 'rate_limit_error', code: 'a code with a prompt' },
    };
    expect(answered(429, body).detail).toBe('litellm answered 429 rate_limit_error');
  });
});

describe('no answer', () => {
  const broken = (code: string): Error => Object.assign(new Error('x'), { code });
  const rows: [UpstreamVia, AttemptFailure['phase'], string, string, string][] = [
    ['litellm', 'not_sent', 'ECONNREFUSED', 'litellm_down', 'litellm_unavailable'],
    ['litellm', 'no_answer', 'UND_ERR_SOCKET', 'litellm_down', 'litellm_no_answer'],
    ['litellm', 'answered', 'ECONNRESET', 'litellm_down', 'litellm_no_answer'],
    [
      'litellm',
      'answered',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'invalid_answer',
      'provider_answer_invalid',
    ],
    ['direct', 'not_sent', 'ENOTFOUND', 'connect_error', 'all_providers_unavailable'],
    ['openrouter', 'not_sent', 'UND_ERR_CONNECT_TIMEOUT', 'connect_error', 'all_providers_unavailable'],
    ['openrouter', 'no_answer', 'UND_ERR_SOCKET', 'no_answer', 'all_providers_unavailable'],
    ['direct', 'answered', 'ECONNRESET', 'invalid_answer', 'provider_answer_invalid'],
    ['direct', 'no_answer', 'HPE_INVALID_CONSTANT', 'invalid_answer', 'provider_answer_invalid'],
    ['direct', 'no_answer', 'UND_ERR_HEADERS_OVERFLOW', 'invalid_answer', 'provider_answer_invalid'],
  ];
  it.each(rows)('%s, %s, %s: %s', (via, phase, code, reason, shown) => {
    const failure = brokenConnection(optionsOf({ via }), phase, broken(code));
    expect(failure).toMatchObject({ reason, status: null, shown: { body: { error: { code: shown } } } });
    expect(failure.phase).toBe(reason === 'invalid_answer' ? 'answered' : phase);
  });

  it('in time, or none that is valid', () => {
    const timeout = { reason: 'first_byte_timeout', shown: { status: 504 } };
    expect(tooSlow(optionsOf(), 'no_answer', 'x')).toMatchObject(timeout);
    expect(tooSlow(optionsOf({ via: 'direct' }), 'answered', 'x')).toMatchObject(timeout);
    expect(invalidAnswer(optionsOf(), `cut ${canary}`).detail).toBe('litellm: cut sk-[redacted]');
  });
});

describe('an error in the middle of a stream', () => {
  it.each([
    [{ message: 'x', code: 429 }, 'rate_limited', 429, '429'],
    [{ message: 'x', type: null, code: '500' }, 'provider_error', 500, '500'],
    [{ type: 'overloaded_error', message: 'x' }, 'provider_error', 503, null],
    [{ message: 'x' }, 'error_event', 502, null],
    [{ message: `bad ${canary}`, code: 401 }, 'credential_refused', 502, 'provider_credential_refused'],
  ])('%j: %s', (error, reason, status, code) => {
    const found = streamError(optionsOf(), readErrorFields({ error }));
    expect(found).toMatchObject({ reason, text: { status, code } });
    expect(JSON.stringify(found)).not.toContain('0123456789');
  });
});

describe('what is redacted', () => {
  it('is every text, also in names and lists, and bounded', () => {
    let deep: unknown = canary;
    for (let depth = 0; depth < 20; depth += 1) deep = { a: deep };
    const value = { [canary]: [canary, { b: `Bearer ${canary}\\"x` }], n: 1, yes: true, none: null, deep };
    const text = JSON.stringify(redactError(value));
    expect(text).not.toContain('0123456789');
    expect(redactError('x'.repeat(9_000))).toHaveLength(4_000);
    expect(redactError(Array.from({ length: 500 }))).toHaveLength(64);
    expect(JSON.parse(text)).toMatchObject({ n: 1, yes: true, none: null });
  });
});
