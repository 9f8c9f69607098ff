import { createHmac, timingSafeEqual } from 'node:crypto';
import type { NamedKey } from '@signalbox/common';

/**
 * Paths of the edge's relay: `/egress/<base64url(base URL)>.<kid>.<mac>/<what LiteLLM appends>`, with mac =
 * HMAC-SHA256(context signing key, `egress1.<base64url(base URL)>`). LiteLLM's hook makes them
 * (litellm/signalbox_litellm/egress_url.py), so the relay reaches nothing that the broker did not name.
 */
const purpose = 'egress1';
const prefix = '/egress/';
const maxPathChars = 8_192;

export type EgressPath =
  | { ok: true; baseUrl: string; rest: string }
  | { ok: false; reason: 'not_found' | 'not_signed' | 'dot_segment' };

function macOf(key: Buffer, encoded: string): Buffer {
  return createHmac('sha256', key).update(`${purpose}.${encoded}`, 'ascii').digest();
}

/** @param keys the ring: the first one signs */
export function signEgressPath(keys: readonly NamedKey[], baseUrl: string): string {
  const signer = keys[0];
  if (!signer) throw new Error('the ring of context signing keys is empty');
  const encoded = Buffer.from(baseUrl, 'utf8').toString('base64url');
  return `${prefix}${encoded}.${signer.kid}.${macOf(signer.key, encoded).toString('base64url')}`;
}

/** Such a segment would lead out of the base URL, at whoever resolves it. */
function hasDotSegment(rest: string): boolean {
  const dots = rest.replace(/%2e/gi, '.').replace(/%2f|%5c|\\/gi, '/');
  return dots.split('/').some((segment) => segment === '.' || segment === '..');
}

/** @param path without the query */
export function readEgressPath(keys: readonly NamedKey[], path: string): EgressPath {
  if (!path.startsWith(prefix) || path.length > maxPathChars) return { ok: false, reason: 'not_found' };
  const slash = path.indexOf('/', prefix.length);
  const signed = slash === -1 ? path.slice(prefix.length) : path.slice(prefix.length, slash);
  const rest = slash === -1 ? '' : path.slice(slash);
  const [encoded = '', kid, mac, ...more] = signed.split('.');
  if (!kid || !mac || more.length > 0) return { ok: false, reason: 'not_found' };
  const named = keys.find((candidate) => candidate.kid === kid);
  if (!named) return { ok: false, reason: 'not_signed' };
  const given = Buffer.from(mac, 'base64url');
  const expected = macOf(named.key, encoded);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { ok: false, reason: 'not_signed' };
  if (hasDotSegment(rest)) return { ok: false, reason: 'dot_segment' };
  return { ok: true, baseUrl: Buffer.from(encoded, 'base64url').toString('utf8'), rest };
}
