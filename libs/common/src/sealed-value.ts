import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface NamedKey {
  kid: string;
  key: Buffer;
}

/**
 * Seals with AES-256-GCM. The text form is `v1.<key id>.<nonce>.<ciphertext and tag>`; the associated data binds the
 * value to its place (a row's identity), so that a ciphertext copied to another row does not open.
 * @param keys the ring: the first key seals, each may open
 */
export function seal(keys: readonly NamedKey[], plaintext: string, associatedData: string): string {
  const first = keys[0];
  if (!first) throw new Error('the ring of encryption keys is empty');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', first.key, nonce);
  cipher.setAAD(Buffer.from(associatedData, 'utf8'));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${first.kid}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
}

/** @returns null when the value cannot be opened: unknown key id, other place, or changed text. */
export function unseal(keys: readonly NamedKey[], sealedText: string, associatedData: string): string | null {
  const [version, kid, nonceText, bodyText] = sealedText.split('.');
  const named = keys.find((candidate) => candidate.kid === kid);
  if (version !== 'v1' || !named || !nonceText || !bodyText) return null;
  const body = Buffer.from(bodyText, 'base64url');
  if (body.length < 16) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', named.key, Buffer.from(nonceText, 'base64url'));
    decipher.setAAD(Buffer.from(associatedData, 'utf8'));
    decipher.setAuthTag(body.subarray(body.length - 16));
    return decipher.update(body.subarray(0, body.length - 16), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
