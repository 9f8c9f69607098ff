import { createHmac } from 'node:crypto';
import { signedWebhook } from '../../../../test/stand-ins/infisical-webhook';
import { infisicalNoticeOf, verifyInfisicalSignature } from './infisical-webhook';

const secret = 'webhook-secret-of-infisical-0123456789';
const nowMs = 1_790_000_000_000;
const windowMs = 300_000;
const signatureHeader = 'x-infisical-signature';

function sent(more: Partial<Parameters<typeof signedWebhook>[1]> = {}) {
  const { body, headers } = signedWebhook(secret, {
    projectId: 'p',
    environment: 'prod',
    timestampMs: nowMs,
    ...more,
  });
  return { body: Buffer.from(body), header: headers[signatureHeader] };
}

function check({ body, header }: { body: Buffer; header: string | undefined }, atMs = nowMs) {
  return verifyInfisicalSignature(body, header, secret, atMs, windowMs);
}

describe('the signature of a notice of Infisical', () => {
  test('of the raw body is accepted', () => {
    expect(check(sent())).toBe('valid');
  });

  test('is required', () => {
    expect(check(sent({ signature: 'missing' }))).toBe('unsigned');
    expect(check({ ...sent(), header: 'nonsense' })).toBe('unsigned');
    expect(check({ ...sent(), header: `t=${nowMs};` })).toBe('unsigned');
  });

  test('made with another secret is refused', () => {
    expect(check(sent({ signature: 'wrong' }))).toBe('wrong');
  });

  test('holds for every byte of the body: the same JSON written otherwise is refused', () => {
    const { body, header } = sent();
    const spaced = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
    expect(check({ body: spaced, header })).toBe('wrong');
  });

  test.each([
    [0, 'valid'],
    [windowMs, 'valid'],
    [windowMs + 1, 'stale'],
    [-windowMs - 1, 'stale'],
  ])('%d ms after it was made, it is %s', (afterMs, expected) => {
    expect(check(sent(), nowMs + afterMs)).toBe(expected);
  });

  test('cannot be replayed with a new time in the header', () => {
    const { body, header } = sent();
    const later = nowMs + 3_600_000;
    expect(check({ body, header: header!.replace(String(nowMs), String(later)) }, later)).toBe('wrong');
  });

  test('of a body without a time of its own is refused', () => {
    const body = Buffer.from('{"event":"secrets.modified"}');
    const mac = createHmac('sha256', secret).update(body).digest('hex');
    expect(check({ body, header: `t=${nowMs};${mac}` })).toBe('wrong');
  });
});

test('a notice says in which folder something changed, with more fields or fewer', () => {
  const more = {
    event: 'secrets.modified',
    project: { workspaceId: 'p', environment: 'prod', secretPath: '/a' },
  };
  expect(infisicalNoticeOf(Buffer.from(JSON.stringify(more)))).toEqual({
    event: 'secrets.modified',
    projectId: 'p',
    environment: 'prod',
    secretPath: '/a',
  });
  expect(infisicalNoticeOf(Buffer.from('{"event":"test"}'))?.secretPath).toBeNull();
  expect(infisicalNoticeOf(Buffer.from('<html>'))).toBeNull();
});
