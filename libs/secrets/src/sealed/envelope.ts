import type { NamedKey } from '@signalbox/common';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 'e1';
const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

export type OpenedEnvelope =
  | { readonly isOpen: true; readonly value: string }
  /** unknown_key: sealed with a key that is not in the ring. damaged: changed, or moved from another place. */
  | { readonly isOpen: false; readonly reason: 'unknown_key' | 'damaged'; readonly keyId: string | null };

/**
 * Envelope encryption: a data key of its own for each value, wrapped by the first key of the ring. The text is
 * `e1.<key id>.<wrapped data key>.<nonce>.<ciphertext and tag>`. Both layers are bound to the place (the row's name), to
 * the key id and to the version tag, so that nothing of it opens anywhere else or passes for something else.
 */
export function sealEnvelope(ring: readonly NamedKey[], value: string, place: string): string {
  const first = ring[0];
  if (!first) throw new Error('the ring of encryption keys is empty');
  const dataKey = randomBytes(keyBytes);
  const wrapNonce = randomBytes(nonceBytes);
  const nonce = randomBytes(nonceBytes);
  const wrapped = encrypt(first.key, wrapNonce, dataKey, associatedData('key', first.kid, place));
  const body = encrypt(dataKey, nonce, Buffer.from(value, 'utf8'), associatedData('value', first.kid, place));
  const parts = [Buffer.concat([wrapNonce, wrapped]), nonce, body];
  return [version, first.kid, ...parts.map((part) => part.toString('base64url'))].join('.');
}

/** Never throws: a text that does not open says why. */
export function openEnvelope(ring: readonly NamedKey[], text: string, place: string): OpenedEnvelope {
  const [tag, kid, wrappedText, nonceText, bodyText, ...rest] = text.split('.');
  const keyId = kid ?? null;
  const damaged = { isOpen: false, reason: 'damaged', keyId } as const;
  const wrapped = decode(wrappedText);
  const nonce = decode(nonceText);
  const body = decode(bodyText);
  if (tag !== version || kid === undefined || !wrapped || !nonce || !body || rest.length > 0) return damaged;
  const key = ring.find((candidate) => candidate.kid === kid)?.key;
  if (!key) return { isOpen: false, reason: 'unknown_key', keyId };
  const wrapNonce = wrapped.subarray(0, nonceBytes);
  const dataKey = decrypt(key, wrapNonce, wrapped.subarray(nonceBytes), associatedData('key', kid, place));
  if (dataKey?.length !== keyBytes) return damaged;
  const value = decrypt(dataKey, nonce, body, associatedData('value', kid, place));
  return value ? { isOpen: true, value: value.toString('utf8') } : damaged;
}

/** @returns the id of the key-encryption key, of a text that sealEnvelope made */
export function envelopeKeyId(text: string): string {
  return text.split('.')[1] ?? '';
}

function associatedData(layer: 'key' | 'value', kid: string, place: string): Buffer {
  return Buffer.from(`signalbox.${version}.${layer}.${kid}.${place}`, 'utf8');
}

/** Only the one spelling that the encoder makes: others of the same bytes (spare bits, padding) count as changed. */
function decode(text: string | undefined): Buffer | null {
  if (!text) return null;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function encrypt(key: Buffer, nonce: Buffer, plain: Buffer, bound: Buffer): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(bound);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, nonce: Buffer, sealed: Buffer, bound: Buffer): Buffer | null {
  if (nonce.length !== nonceBytes || sealed.length < tagBytes) return null;
  try {
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(bound);
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}
