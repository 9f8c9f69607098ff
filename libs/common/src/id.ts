import { randomBytes } from 'node:crypto';

const idPrefixes = {
  organization: 'org',
  workspace: 'ws',
  virtualKey: 'key',
  virtualKeySecret: 'ksec',
  provider: 'prov',
  model: 'mdl',
  deployment: 'dep',
  credential: 'cred',
  configRelease: 'rel',
  auditEvent: 'evt',
  serviceToken: 'tok',
  request: 'req',
  outbox: 'out',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Crockford's base 32 in lower case: sorts like the bytes it stands for, and has no i, l, o, u to misread. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const bodyLength = 26;

function encode(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < bodyLength; index += 1) {
    text = alphabet[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}

/** A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits, so that ids sort by time. */
function uuidV7Bytes(nowMs: number): Uint8Array {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes;
}

/** A new sortable id, such as `key_06f3x...`: the kind's prefix and 26 characters of a UUIDv7. */
export function newId(kind: IdKind, nowMs: number = Date.now()): string {
  return `${idPrefixes[kind]}_${encode(uuidV7Bytes(nowMs))}`;
}

export function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{${bodyLength}}$`);
}

export function isId(kind: IdKind, value: unknown): value is string {
  return typeof value === 'string' && idPattern(kind).test(value);
}
