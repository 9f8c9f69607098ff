import { createHmac, createSecretKey, type Hmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { NamedKey } from '@signalbox/common';
import { z } from 'zod';

/**
 * The signed context tells LiteLLM's auth (litellm/signalbox_litellm) who calls. It binds method and path, so that a
 * token that leaks from a log opens nothing else, and lives for a minute.
 * Form: `sb1.<kid>.<payload>.<mac>`, payload = base64url(JSON), mac = base64url(HMAC-SHA256(key, `sb1.<kid>.<payload>`)).
 */
const version = 'sb1';
const lifetimeSeconds = 60;
const clockSkewSeconds = 30;
const maxTokenChars = 4_096;

const contextPayload = z.object({
  /** Unix seconds. */
  iat: z.int(),
  exp: z.int(),
  /** Request id. */
  rid: z.string().min(1),
  /** Method and path without query. */
  m: z.string().min(1),
  p: z.string().min(1),
  /** SHA-256 of the virtual key, its id, workspace and organization. */
  kh: z.string().regex(/^[0-9a-f]{64}$/),
  key: z.string().min(1),
  ws: z.string().min(1),
  org: z.string().min(1),
  /** Model, deployment, credential. */
  mdl: z.string().nullable(),
  dep: z.string().nullable(),
  cred: z.string().nullable(),
  /** Provider of the deployment. While two releases change places, LiteLLM may know another deployment of it. */
  prov: z.string().nullable().default(null),
});

export type ContextPayload = z.infer<typeof contextPayload>;
export type ContextClaims = Omit<ContextPayload, 'iat' | 'exp'>;

/** Made once per key: that takes longer than the signature. */
const secretKeys = new WeakMap<Buffer, KeyObject>();

function secretKeyOf(key: Buffer): KeyObject {
  let secretKey = secretKeys.get(key);
  if (!secretKey) secretKeys.set(key, (secretKey = createSecretKey(key)));
  return secretKey;
}

function hmac(key: Buffer, signed: string): Hmac {
  return createHmac('sha256', secretKeyOf(key)).update(signed, 'ascii');
}

/** @param keys the ring: the first one signs */
export function signContext(keys: readonly NamedKey[], claims: ContextClaims, nowMs: number): string {
  const signer = keys[0];
  if (!signer) throw new Error('the ring of context signing keys is empty');
  const iat = Math.floor(nowMs / 1_000);
  // Claims are never empty. Joined as text, for merging objects takes longer.
  const payload = `{"iat":${iat},"exp":${iat + lifetimeSeconds},${JSON.stringify(claims).slice(1)}`;
  const signed = `${version}.${signer.kid}.${Buffer.from(payload, 'utf8').toString('base64url')}`;
  return `${signed}.${hmac(signer.key, signed).digest('base64url')}`;
}

/** The same names as in litellm/signalbox_litellm/context_token.py. */
export type ContextRefusal =
  | 'malformed'
  | 'unknown_key'
  | 'bad_signature'
  | 'expired'
  | 'issued_in_future'
  | 'method_mismatch'
  | 'path_mismatch';
export type ContextVerdict = { ok: true; payload: ContextPayload } | { ok: false; reason: ContextRefusal };

/** Base64url has spare bits in the last character: only the canonical spelling is accepted. */
function decodeCanonical(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function readPayload(encoded: string): ContextPayload | null {
  const bytes = decodeCanonical(encoded);
  if (!bytes) return null;
  try {
    const result = contextPayload.safeParse(JSON.parse(bytes.toString('utf8')));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

function hasAllowedLifetime({ iat, exp }: ContextPayload): boolean {
  return exp > iat && exp - iat <= lifetimeSeconds;
}

/** The verifier in force is LiteLLM's auth, in Python; this one holds both sides to the same rules in tests. */
export function verifyContext(
  keys: readonly NamedKey[],
  token: string,
  request: { method: string; path: string },
  nowMs: number,
): ContextVerdict {
  const refuse = (reason: ContextRefusal): ContextVerdict => ({ ok: false, reason });
  const [head, kid, encoded, macText, ...more] = token.split('.');
  const hasForm = head === version && macText !== undefined && more.length === 0;
  if (!hasForm || !kid || !encoded || token.length > maxTokenChars) return refuse('malformed');
  const named = keys.find((candidate) => candidate.kid === kid);
  if (!named) return refuse('unknown_key');
  const given = decodeCanonical(macText);
  const expected = hmac(named.key, `${head}.${kid}.${encoded}`).digest();
  if (given?.length !== expected.length || !timingSafeEqual(given, expected)) return refuse('bad_signature');
  const payload = readPayload(encoded);
  if (!payload || !hasAllowedLifetime(payload)) return refuse('malformed');
  const nowSeconds = Math.floor(nowMs / 1_000);
  if (nowSeconds > payload.exp + clockSkewSeconds) return refuse('expired');
  if (nowSeconds < payload.iat - clockSkewSeconds) return refuse('issued_in_future');
  if (payload.m !== request.method) return refuse('method_mismatch');
  if (payload.p !== request.path) return refuse('path_mismatch');
  return { ok: true, payload };
}
