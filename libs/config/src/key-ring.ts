import type { NamedKey } from '@signalbox/common';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

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
export function parseKeyRingFile(text: string): NamedKey[] | null {
  const entries = text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return parseKeyRing(entries.join(','));
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

function readPrivateFile(path: string): string {
  // Not to wait for a writer, should it be a pipe. What is checked is what was opened, whatever happens to the path.
  const file = open(path);
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error('the file is not a regular file');
    if (uid !== process.getuid?.() && uid !== 0) {
      throw new Error(`the file belongs to user ${uid}: it must be ours or root's (chown it)`);
    }
    if ((mode & 0o077) !== 0) {
      throw new Error('the file can be read or changed by others: run chmod 600 on it');
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
