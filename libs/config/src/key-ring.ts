import type { NamedKey } from '@signalbox/common';
import { entriesOf, readPrivateFile } from './private-file';

export const keyRingForm =
  'must be KEY_ID:BASE64URL_OF_32_BYTES, several separated by commas, with distinct key ids';

/** @returns null when it is not a ring of keys */
export function parseKeyRing(text: string): NamedKey[] | null {
  const keys = text.split(',').map((entry) => {
    const [kid = '', encoded = ''] = entry.trim().split(':');
    return { kid, key: Buffer.from(encoded, 'base64url') };
  });
  const areUsable = keys.every(({ kid, key }) => /^[A-Za-z0-9_-]{1,32}$/.test(kid) && key.length === 32);
  const areDistinct = new Set(keys.map(({ kid }) => kid)).size === keys.length;
  return areUsable && areDistinct ? keys : null;
}

/** One key per line, or separated by commas; `#` begins a comment. */
function parseKeyRingFile(text: string): NamedKey[] | null {
  return parseKeyRing(entriesOf(text).join(','));
}

/**
 * Reads a ring that nobody else can read or could have written: what opens every provider key must not lie open.
 * @throws Error with a message for the operator, which never shows what the file holds
 */
export function readKeyRingFile(path: string): NamedKey[] {
  const keys = parseKeyRingFile(readPrivateFile(path));
  if (keys) return keys;
  throw new Error(`the file ${keyRingForm} (or one per line; # begins a comment)`);
}
