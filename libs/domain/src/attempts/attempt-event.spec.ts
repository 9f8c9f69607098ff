import fc from 'fast-check';
import { parseAttempt } from './attempt-event';

const now = new Date('2026-01-01T00:00:00.000Z');
const minimal = { attempt_id: 'att_1', status: 'success' };

describe('an attempt of the stream', () => {
  it('becomes a row, with what LiteLLM left out filled in', () => {
    const parsed = parseAttempt(
      JSON.stringify({ ...minimal, cost_nano_usd: 1_250_000, started_at: null }),
      now,
    );
    expect(parsed).toEqual({
      row: {
        id: 'att_1',
        request_id: 'att_1',
        key_hash: null,
        workspace_id: null,
        model: null,
        deployment_id: null,
        provider: null,
        credential_id: null,
        credential_fingerprint: null,
        upstream_model: null,
        status: 'success',
        error_class: null,
        status_code: null,
        prompt_tokens: 0,
        completion_tokens: 0,
        total_tokens: 0,
        cost_nano_usd: 1_250_000,
        stream: false,
        started_at: now.toISOString(),
        ended_at: now.toISOString(),
      },
    });
  });

  it('of an empty account is told from one of a busy account', () => {
    const failure = { ...minimal, status: 'failure', error_class: 'RateLimitError', status_code: 429 };
    const classOf = (event: object) => {
      const parsed = parseAttempt(JSON.stringify(event), now);
      return 'row' in parsed ? parsed.row.error_class : null;
    };
    expect(classOf({ ...failure, is_out_of_credit: true })).toBe('OutOfCredit');
    expect(classOf({ ...failure, is_out_of_credit: false })).toBe('RateLimitError');
  });

  it('is bounded and storable, whatever stands in its texts', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000, unit: 'binary' }), (text) => {
        const parsed = parseAttempt(JSON.stringify({ ...minimal, model_group: text, provider: text }), now);
        const row = 'row' in parsed ? parsed.row : null;
        expect((row?.model ?? '').length).toBeLessThanOrEqual(512);
        expect(`${row?.model}${row?.provider}`).not.toContain('\0');
      }),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', undefined],
    ['no id', JSON.stringify({ status: 'success' })],
    ['an unknown status', JSON.stringify({ ...minimal, status: 'maybe' })],
    ['a fraction of a token', JSON.stringify({ ...minimal, prompt_tokens: 1.5 })],
    ['a cost beyond a safe integer', JSON.stringify({ ...minimal, cost_nano_usd: 1e30 })],
    ['a negative cost', JSON.stringify({ ...minimal, cost_nano_usd: -1 })],
    ['no date', JSON.stringify({ ...minimal, started_at: 'yesterday' })],
  ])('is refused with %s', (_what, text) => {
    expect(parseAttempt(text, now)).toHaveProperty('problem');
  });

  it('never shows a value in the problem', () => {
    const secret = 'sk-sb-0123456789abcdef';
    const parsed = parseAttempt(JSON.stringify({ ...minimal, status: secret, [secret]: 1 }), now);
    expect(JSON.stringify(parsed)).not.toContain(secret);
  });
});
