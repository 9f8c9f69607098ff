import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  prov: null,
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
    [-31_000, 'issued_in_future'],
    [-30_000, null],
    [90_000, null],
    [91_000, 'expired'],
  ])('checked %d ms after it was signed: %p', (offsetMs, reason) => {
    const verdict = verifyContext(keys, signContext(keys, claims, nowMs), request, nowMs + offsetMs);
    expect(verdict.ok ? null : verdict.reason).toBe(reason);
  });

  it.each([
    [{ method: 'GET', path: request.path }, 'method_mismatch'],
    [{ method: 'POST', path: '/v1/embeddings' }, 'path_mismatch'],
    [{ method: 'POST', path: '/key/generate' }, 'path_mismatch'],
  ])('opens no other request: %j', (other, reason) => {
    const token = signContext(keys, claims, nowMs);
    expect(verifyContext(keys, token, other, nowMs)).toEqual({ ok: false, reason });
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

interface Vectors {
  keys: string;
  signed: {
    name: string;
    kid: string;
    claims: ContextClaims & { iat: number; exp: number };
    token: string;
  }[];
  verified: { name: string; token: string; method: string; path: string; now: number; result: string }[];
}

describe("the vectors shared with LiteLLM's side", () => {
  const file = join(__dirname, '../../../litellm/context-token-vectors.json');
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
  const ring = vectors.keys.split(',').map((entry) => {
    const [kid = '', encoded = ''] = entry.split(':');
    return { kid, key: Buffer.from(encoded, 'base64url') };
  });

  it.each(vectors.signed)('signed: $name', ({ kid, claims: { iat, exp, ...rest }, token }) => {
    expect(exp - iat).toBe(60);
    expect(
      signContext(
        ring.filter((one) => one.kid === kid),
        rest,
        iat * 1_000,
      ),
    ).toBe(token);
  });

  it.each(vectors.verified)('verified: $name', ({ token, method, path, now, result }) => {
    const verdict = verifyContext(ring, token, { method, path }, now * 1_000);
    expect(verdict.ok ? 'ok' : verdict.reason).toBe(result);
  });
});
