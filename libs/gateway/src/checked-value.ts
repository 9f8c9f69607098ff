import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { sha256Hex } from '@signalbox/common';

/**
 * The common form of our secrets: `<prefix><43 characters base64url of 32 random bytes><6 characters checksum>`.
 * The checksum (CRC-32 of everything before it, in base 62) is no protection against guessing; it tells a mistyped
 * value from an unknown one without a look-up. CRC-32 finds every burst of up to 32 bits, so every single wrong
 * character and every swap of neighbours.
 */
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomByteCount = 32;
const checksumLength = 6;
const bodyPattern = /^[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/;

export type ParsedValue = 'valid' | 'malformed';
export type RandomBytes = (size: number) => Buffer;

/** @returns the CRC-32 of the text's bytes as 6 characters of base 62, most significant first */
export function checksum(text: string): string {
  let rest = crc32(text);
  let encoded = '';
  for (let index = 0; index < checksumLength; index += 1) {
    encoded = base62.charAt(rest % 62) + encoded;
    rest = Math.floor(rest / 62);
  }
  return encoded;
}

export function generateValue(prefix: string, random: RandomBytes = randomBytes): string {
  const unchecked = prefix + random(randomByteCount).toString('base64url');
  return unchecked + checksum(unchecked);
}

export function parseValue(prefix: string, text: string): ParsedValue {
  if (!text.startsWith(prefix) || !bodyPattern.test(text.slice(prefix.length))) return 'malformed';
  const end = text.length - checksumLength;
  return checksum(text.slice(0, end)) === text.slice(end) ? 'valid' : 'malformed';
}

/** What is stored and looked up in place of the value. A hash without salt is enough for 256 random bits. */
export function hashValue(text: string): string {
  return sha256Hex(text);
}
