import {
  type DialectName,
  dialectNames,
  dialects,
} from '../../../../test/stand-ins/provider-validation.answers';
import {
  faults,
  hashOfKey,
  ProviderValidationStandIn,
  startBrokenTls,
} from '../../../../test/stand-ins/provider-validation.stand-in';
import { driverOf } from './driver-registry';
import type { ProbeOutcome, ProbeResult, ProbeTarget } from './provider-driver';

const key = 'sk-live-0123456789abcdef0123456789abcdef';
/** Ollama's own server has no keys. */
const checkingNames = dialectNames.filter((name) => name !== 'ollama');

let provider: ProviderValidationStandIn;

beforeAll(async () => {
  provider = await ProviderValidationStandIn.start();
});
beforeEach(() => provider.reset());
afterAll(() => provider.close());

function probe(
  kind: string,
  more: Partial<ProbeTarget> = {},
  signal = new AbortController().signal,
): Promise<ProbeResult> {
  const baseUrl = kind in dialects ? provider.baseUrl(kind as DialectName) : null;
  return driverOf(kind).probe({ secret: key, baseUrl, isTrustedUrl: true, ...more }, signal);
}

describe.each(dialectNames)('a probe of %s', (kind) => {
  it('asks once, with the key in a header and nowhere else', async () => {
    provider.setKey(key, 'good');
    const result = await probe(kind);
    expect(result).toMatchObject({ outcome: 'valid', httpStatus: 200 });
    const [first] = provider.requests;
    expect(first).toMatchObject({ provider: kind, method: dialects[kind].method, keyHash: hashOfKey(key) });
    expect(JSON.stringify(provider.requests)).not.toContain(key);
    expect(JSON.stringify(result)).not.toContain(key);
  });

  it('goes to the host that it names', () => {
    expect(driverOf(kind).hostOf(provider.baseUrl(kind))).toBe(`127.0.0.1:${provider.port}`);
  });

  // What is never the key's fault.
  it.each([
    ['rateLimited', 'rate_limited'],
    ['internalError', 'provider_down'],
    ['overloaded', 'provider_down'],
    ['badGateway', 'provider_down'],
    ['timeout', 'provider_down'],
    ['html', 'unknown'],
    ['oddShape', 'unknown'],
    ['emptyBody', 'unknown'],
    ['errorInside200', 'unknown'],
    ['truncated', 'unknown'],
    ['redirect', 'unknown'],
    ['notFound', 'unknown'],
    ['teapot', 'unknown'],
    ['forbiddenByFirewall', kind === 'together' ? 'unknown' : 'forbidden'],
    ['reset', 'unreachable'],
  ] as const satisfies readonly (readonly [keyof typeof faults, ProbeOutcome])[])(
    'takes the fault %s for %s',
    async (fault, outcome) => {
      provider.setKey(key, 'good');
      provider.misbehave(faults[fault]);
      const result = await probe(kind);
      expect(result.outcome).toBe(outcome);
      expect(result.retryAfterMs).toBe(fault === 'rateLimited' ? 17_000 : null);
      expect(result.detail).not.toContain('<');
    },
  );

  it('takes silence for unreachable, and asks no second time', async () => {
    provider.misbehave(faults.hang);
    expect(await probe(kind, {}, AbortSignal.timeout(100))).toMatchObject({
      outcome: 'unreachable',
      httpStatus: null,
    });
    expect(provider.requests).toHaveLength(1);
  });

  it('takes a broken TLS handshake and a closed port for unreachable', async () => {
    const tls = await startBrokenTls();
    expect(await probe(kind, { baseUrl: tls.url })).toMatchObject({ outcome: 'unreachable' });
    await tls.close();
    expect(await probe(kind, { baseUrl: tls.url.replace('https', 'http') })).toMatchObject({
      outcome: 'unreachable',
      code: 'ECONNREFUSED',
    });
  });

  it('asks again after one broken connection', async () => {
    provider.setKey(key, 'good');
    provider.misbehave(faults.reset, { times: 1 });
    expect(await probe(kind)).toMatchObject({ outcome: 'valid' });
  });

  it('is refused a private address that a tenant gave, before anything is sent', async () => {
    provider.setKey(key, 'good');
    expect(await probe(kind, { isTrustedUrl: false })).toMatchObject({
      outcome: 'unreachable',
      code: 'forbidden_address',
    });
    expect(provider.requests).toEqual([]);
    const allowed = { isTrustedUrl: false, allowedHosts: ['127.0.0.1'] };
    expect(await probe(kind, allowed)).toMatchObject({ outcome: 'valid' });
  });
});

describe.each(checkingNames)('what %s says of keys', (kind) => {
  it.each([
    ['bad', 'invalid'],
    ['outOfCredit', 'out_of_credit'],
    // Of Together a 403 is no word about the key at all.
    ['forbidden', kind === 'together' ? 'unknown' : 'forbidden'],
  ] as const)('of a key that is %s: %s', async (state, outcome) => {
    provider.setKey(key, state);
    expect((await probe(kind)).outcome).toBe(outcome);
    // A refusal is the provider's word: nobody asks twice.
    expect(provider.requests).toHaveLength(1);
  });

  it('is another one after a refusal that was a mistake', async () => {
    provider.setKey(key, 'good');
    provider.misbehave({ kind: 'answer', answer: dialects[kind].badKey }, { times: 1 });
    expect((await probe(kind)).outcome).toBe('invalid');
    expect((await probe(kind)).outcome).toBe('valid');
  });
});

describe('servers without keys', () => {
  it.each(['vllm', 'openai_compatible', 'ollama'] as const)(
    '%s is found to check none, by asking without one',
    async (kind) => {
      provider.openTo(kind);
      expect(await probe(kind)).toMatchObject({ outcome: 'valid', certainty: 'none' });
      expect(provider.requests.map(({ keyHash }) => keyHash)).toEqual([hashOfKey(key), null]);
    },
  );

  it.each(['vllm', 'openai_compatible'] as const)('%s that checks keys is found to', async (kind) => {
    provider.setKey(key, 'good');
    const { certainty } = await probe(kind);
    expect(certainty).toBe(kind === 'vllm' ? 'sure' : 'probable');
  });
});

describe('providers with words of their own', () => {
  const json = (status: number, body: unknown) =>
    provider.misbehave({ kind: 'answer', answer: { status, body } });
  const openaiError = (message: string, code: string | null = null) => ({ error: { message, code } });
  const googleReason = (reason: string) => ({ error: { code: 400, details: [{ reason }] } });
  const openrouterKey = (fields: object) => ({ data: { label: 'x', limit_remaining: null, ...fields } });

  it.each([
    ['openai', 401, openaiError('Your IP address is not authorized.', 'ip_not_authorized'), 'forbidden'],
    ['openai', 401, openaiError('You must be a member of an organization to use the API.'), 'forbidden'],
    ['openai', 401, openaiError('You have insufficient permissions for this operation.'), 'forbidden'],
    ['openai', 401, openaiError('Your account is deactivated.', 'account_deactivated'), 'invalid'],
    ['openai', 429, openaiError('slow down', 'rate_limit_exceeded'), 'rate_limited'],
    ['anthropic', 400, openaiError('Your credit balance is too low'), 'out_of_credit'],
    ['google', 401, googleReason('ACCESS_TOKEN_TYPE_UNSUPPORTED'), 'invalid'],
    ['google', 400, googleReason('SOMETHING_ELSE'), 'unknown'],
    ['google', 400, openaiError('User location is not supported for the API use.'), 'forbidden'],
    ['google', 403, openaiError('Your API key was reported as leaked.'), 'forbidden'],
    ['google', 429, { error: { status: 'RESOURCE_EXHAUSTED' } }, 'rate_limited'],
    ['cohere', 200, { valid: false }, 'invalid'],
    ['cohere', 498, { message: 'invalid token' }, 'invalid'],
    ['cohere', 499, { message: 'closed' }, 'unknown'],
    ['groq', 498, openaiError('capacity_exceeded'), 'provider_down'],
    ['groq', 499, {}, 'provider_down'],
    ['together', 400, openaiError('Invalid API key provided'), 'invalid'],
    ['together', 400, openaiError('Input validation error'), 'unknown'],
    ['together', 403, openaiError('context length exceeded'), 'unknown'],
    ['mistral', 429, { code: '1300', message: 'Rate limit exceeded' }, 'rate_limited'],
    ['fireworks', 402, {}, 'out_of_credit'],
    ['openrouter', 200, openrouterKey({ limit_remaining: -0.01 }), 'out_of_credit'],
    ['openrouter', 200, openrouterKey({ is_management_key: true }), 'forbidden'],
    ['openrouter', 200, openrouterKey({}), 'valid'],
    ['openai_compatible', 403, openaiError('bad', 'invalid_api_key'), 'invalid'],
    ['openai_compatible', 403, openaiError('not in your country'), 'forbidden'],
  ] as const)('%s %i %j is %s', async (kind, status, body, outcome) => {
    json(status, body);
    expect((await probe(kind)).outcome).toBe(outcome);
  });

  it('tell when the key ends', async () => {
    json(200, openrouterKey({ expires_at: '2027-01-02T03:04:05Z' }));
    expect((await probe('openrouter')).expiresAt).toEqual(new Date('2027-01-02T03:04:05Z'));
    provider.reset();
    json(200, { type: 'user', name: 'n', auth: { expiresAt: '2027-05-06T00:00:00.000Z' } });
    expect((await probe('huggingface')).expiresAt).toEqual(new Date('2027-05-06T00:00:00Z'));
  });

  it('say so where a good answer is only a likely one', async () => {
    provider.setKey(key, 'good');
    expect(await probe('perplexity')).toMatchObject({ outcome: 'valid', certainty: 'probable' });
    expect(await probe('openai')).toMatchObject({ outcome: 'valid', certainty: 'sure' });
  });

  it.each(['openai', 'anthropic', 'openrouter'])('check admin keys of %s elsewhere', async (kind) => {
    json(200, kind === 'openrouter' ? openrouterKey({ is_management_key: true }) : { data: [] });
    expect(await probe(kind, { purpose: 'admin' })).toMatchObject({ outcome: 'valid' });
    provider.reset();
    json(200, openrouterKey({ is_management_key: false }));
    if (kind === 'openrouter') {
      expect(await probe(kind, { purpose: 'admin' })).toMatchObject({ outcome: 'forbidden' });
    }
  });

  it.each(['litellm', 'demo', 'a kind of tomorrow'])('%s cannot be checked', async (kind) => {
    expect(driverOf(kind).hostOf(null)).toBeNull();
    expect(await probe(kind)).toMatchObject({ outcome: 'unknown', certainty: 'none' });
  });

  it.each(['vllm', 'openai_compatible'])('%s needs an address', async (kind) => {
    expect(await probe(kind, { baseUrl: null })).toMatchObject({ outcome: 'unknown', certainty: 'none' });
  });

  it.each([
    ['openai', 'api.openai.com'],
    ['anthropic', 'api.anthropic.com'],
    ['google', 'generativelanguage.googleapis.com'],
    ['cohere', 'api.cohere.com'],
    ['mistral', 'api.mistral.ai'],
    ['perplexity', 'api.perplexity.ai'],
    ['groq', 'api.groq.com'],
    ['together', 'api.together.xyz'],
    ['huggingface', 'huggingface.co'],
    ['fireworks', 'api.fireworks.ai'],
    ['openrouter', 'openrouter.ai'],
    ['ollama', '127.0.0.1:11434'],
  ])('%s is asked at %s', (kind, host) => {
    expect(driverOf(kind).hostOf(null)).toBe(host);
  });

  it.each([
    ['huggingface', 'https://abc.endpoints.huggingface.cloud/v1', 'huggingface.co'],
    ['huggingface', 'https://router.huggingface.co/v1', 'huggingface.co'],
    ['ollama', 'https://ollama.com', 'ollama.com'],
  ])('%s at %s is asked at %s', (kind, baseUrl, host) => {
    expect(driverOf(kind).hostOf(baseUrl)).toBe(host);
  });
});

describe('what is shown of an answer', () => {
  it.each([
    ['the key', `Incorrect API key provided: ${key}.`],
    ['most of the key', `Incorrect API key provided: ${key.slice(3, -3)}***.`],
    ['a stretch of the key', `Incorrect API key provided: ***${key.slice(8, 18)}***.`],
    ['the key twice', `${key} and ${key}`],
  ])('never holds %s', async (_what, message) => {
    provider.misbehave({ kind: 'answer', answer: { status: 401, body: { error: { message, code: key } } } });
    const shown = JSON.stringify(await probe('mistral'));
    expect(shown).toContain('[redacted]');
    for (let start = 0; start + 8 <= key.length; start += 1) {
      expect(shown).not.toContain(key.slice(start, start + 8));
    }
  });

  it('holds the reason of the provider, on one line and cut', async () => {
    const message = `first\nsecond ${'x'.repeat(5_000)}`;
    provider.misbehave({ kind: 'answer', answer: { status: 403, body: { error: { message } } } });
    const { detail } = await probe('openai');
    expect(detail).toContain('first second');
    expect(detail.length).toBeLessThan(500);
  });

  it('is nothing of a key that no header can carry', async () => {
    const secret = 'kéy with spaces';
    expect(await probe('openai', { secret })).toMatchObject({ outcome: 'unknown', code: 'key_not_sendable' });
    expect(provider.requests).toEqual([]);
  });
});
