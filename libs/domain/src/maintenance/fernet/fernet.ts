import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

/** See https://github.com/fernet/spec/blob/master/Spec.md. */
export interface FernetKey {
  readonly signing: Buffer;
  readonly encryption: Buffer;
}

const version = 0x80;
const keyHalfBytes = 16;
/** Version, time, initialization vector. */
const headerBytes = 1 + 8 + 16;
const blockBytes = 16;
const macBytes = 32;
const base64url = /^[A-Za-z0-9_-]+={0,2}$/;

/** @returns null when it is not 32 bytes in base64url */
export function parseFernetKey(text: string): FernetKey | null {
  const bytes = decode(text);
  if (bytes?.length !== 2 * keyHalfBytes) return null;
  return { signing: bytes.subarray(0, keyHalfBytes), encryption: bytes.subarray(keyHalfBytes) };
}

/**
 * The age of a token is not looked at: what is imported was kept in it, not sent.
 * @param keys each is tried, as in a MultiFernet
 * @returns null when it is no token, was changed, or was made with another key
 */
export function openFernetToken(keys: readonly FernetKey[], token: string): string | null {
  const bytes = decode(token);
  if (!bytes || bytes.length < headerBytes + blockBytes + macBytes || bytes[0] !== version) return null;
  const signed = bytes.subarray(0, -macBytes);
  const mac = bytes.subarray(-macBytes);
  const key = keys.find(({ signing }) =>
    timingSafeEqual(createHmac('sha256', signing).update(signed).digest(), mac),
  );
  return key ? decrypt(key, signed) : null;
}

function decrypt({ encryption }: FernetKey, signed: Buffer): string | null {
  const vector = signed.subarray(headerBytes - blockBytes, headerBytes);
  try {
    const decipher = createDecipheriv('aes-128-cbc', encryption, vector);
    const plain = Buffer.concat([decipher.update(signed.subarray(headerBytes)), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return null;
  }
}

function decode(text: string): Buffer | null {
  return base64url.test(text) ? Buffer.from(text, 'base64url') : null;
}
