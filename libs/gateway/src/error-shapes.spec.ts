import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialectOf, errorBody, gatewayErrorAnswer, streamErrorEvent } from './error-shapes';
import { gatewayErrorCodes, type GatewayErrorCode } from './gateway-error-codes';

const documentation = readFileSync(join(__dirname, '../../../docs/errors-edge.md'), 'utf8');
const codes = Object.keys(gatewayErrorCodes) as GatewayErrorCode[];

describe('the dialect of an answer', () => {
  it.each([
    ['openai', undefined, 'openai'],
    ['openai', '2023-06-01', 'anthropic'],
    ['anthropic', undefined, 'anthropic'],
    [null, undefined, 'openai'],
    [null, '2026-10-21', 'anthropic'],
  ] as const)('route %p, anthropic-version %p: %p', (route, header, dialect) => {
    expect(dialectOf(route, header)).toBe(dialect);
  });
});

describe('error bodies', () => {
  it.each(codes)('%s is readable in both dialects', (code) => {
    const { status, isFinal, retryAfterSeconds } = gatewayErrorCodes[code];
    const openai = gatewayErrorAnswer('openai', code, 'req_1', { param: 'model' });
    expect(openai).toMatchObject({
      status,
      body: { error: { message: expect.any(String), type: expect.any(String), code, param: 'model' } },
    });
    const anthropic = gatewayErrorAnswer('anthropic', code, 'req_1');
    expect(anthropic).toMatchObject({
      status,
      body: {
        type: 'error',
        error: { type: expect.stringMatching(/_error$|^request_too_large$/), code },
        request_id: 'req_1',
      },
    });
    expect(openai.headers['x-should-retry']).toBe(isFinal ? 'false' : undefined);
    expect(openai.headers['retry-after']).toBe(retryAfterSeconds?.toString());
  });

  it.each(codes)('%s: retryable exactly where a retry may help', (code) => {
    const { status, isFinal } = gatewayErrorCodes[code];
    const needsPerson = code === 'platform_credential_missing';
    const isBrief = ['litellm_no_answer', 'provider_answer_invalid', 'parallel_limit_reached'].includes(code);
    expect(isFinal).toBe(needsPerson || (status !== 503 && !isBrief));
  });

  it.each(codes)('%s is described in docs/errors-edge.md', (code) => {
    expect(documentation).toMatch(
      new RegExp(`^\\| \`${code}\` +\\| ${gatewayErrorCodes[code].status} `, 'm'),
    );
  });

  it('carry no code where there is none', () => {
    const text = { status: 529, message: 'busy', code: null, param: null, requestId: 'req_1' };
    expect(errorBody('anthropic', text)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'busy' },
      request_id: 'req_1',
    });
  });
});

describe('the last event of a torn stream', () => {
  it.each([
    ['chat_completions', 'openai', /^\n\ndata: \{"error":\{.*\n\n$/],
    ['responses', 'openai', /^\n\nevent: error\ndata: \{"error":\{.*\n\n$/],
    ['messages', 'anthropic', /^\n\nevent: error\ndata: \{"type":"error","error":\{.*\n\n$/],
  ] as const)('%s', (route, dialect, pattern) => {
    const event = streamErrorEvent(route, dialect, 'req_1');
    expect(event).toMatch(pattern);
    expect(event).not.toMatch(/choices|DONE/);
  });
});
