import fc from 'fast-check';
import { type ContextClaims, signContext, verifyContext } from './context-token';

const nowMs = Date.UTC(2026, 10, 21);
const keys = [
  { kid: 'k2', key: Buffer.alloc(32, 2) },
  { kid: 'k1', key: Buffer.alloc(32, 1) },
];
const request = { method: 'POST', path: '/v1/chat/completions' };
const claims: ContextClaims = {
  rid: 'req_1',
  m: request.method,
  p: request.path,
  kh: 'a'.repeat(64),
  key: 'key_1',
  ws: 'ws_1',
  org: 'org_1',
  mdl: 'gpt-4o',
  dep: null,
  cred: null,
};

describe('the signed context', () => {
  it('comes back as it was signed, whatever the texts are', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (model) => {
        const token = signContext(keys, { ...claims, mdl: model }, nowMs);
        const verdict = verifyContext(keys, token, request, nowMs);
        expect(verdict).toMatchObject({ ok: true, payload: { kh: claims.kh, ws: 'ws_1', dep: null } });
        expect(token).toMatch(/^sb1\.k2\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
      }),
    );
  });

  it('is refused after any change of one bit', () => {
    const token = signContext(keys, claims, nowMs);
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.nat({ max: 6 }), (at, bit) => {
        const changed = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
        const forged = token.slice(0, at) + changed + token.slice(at + 1);
        expect(verifyContext(keys, forged, request, nowMs).ok).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is refused with another key under the same name', () => {
    const forged = signContext([{ kid: 'k2', key: Buffer.alloc(32, 9) }], claims, nowMs);
    expect(verifyContext(keys, forged, request, nowMs)).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it('is accepted under an older key of the ring and refused under a removed one', () => {
    const old = signContext([keys[1]!], claims, nowMs);
    expect(verifyContext(keys, old, request, nowMs).ok).toBe(true);
    expect(verifyContext([keys[0]!], old, request, nowMs)).toEqual({ ok: false, reason: 'unknown_key' });
  });

  it.each([
    [-31_000, 'not_yet_valid'],
    [-30_000, null],
    [90_000, null],
    [91_000, 'expired'],
  ])('checked %d ms after it was signed: %p', (offsetMs, reason) => {
    const verdict = verifyContext(keys, signContext(keys, claims, nowMs), request, nowMs + offsetMs);
    expect(verdict.ok ? null : verdict.reason).toBe(reason);
  });

  it.each([
    { method: 'GET', path: request.path },
    { method: 'POST', path: '/v1/embeddings' },
    { method: 'POST', path: '/key/generate' },
  ])('opens no other request: %j', (other) => {
    const token = signContext(keys, claims, nowMs);
    expect(verifyContext(keys, token, other, nowMs)).toEqual({ ok: false, reason: 'other_request' });
  });

  it.each(['', 'sb1', 'sb1...', 'sb2.k2.e30.AAAA', 'sb1.k2.e30.AAAA.more', 'sk-sb-123'])(
    'refuses %p',
    (token) => {
      expect(verifyContext(keys, token, request, nowMs).ok).toBe(false);
    },
  );

  it('needs a key to sign with', () => {
    expect(() => signContext([], claims, nowMs)).toThrow('ring');
  });
});
