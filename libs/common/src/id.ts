import { randomFillSync, randomInt } from 'node:crypto';

const idPrefixes = {
  organization: 'org',
  workspace: 'ws',
  virtualKey: 'key',
  virtualKeySecret: 'ksec',
  provider: 'prov',
  model: 'mdl',
  deployment: 'dep',
  credential: 'cred',
  credentialVersion: 'cver',
  rotation: 'rot',
  rotationEvent: 'rev',
  webhook: 'whk',
  webhookDelivery: 'whd',
  maintenanceRun: 'run',
  configRelease: 'rel',
  auditEvent: 'evt',
  serviceToken: 'tok',
  service: 'svc',
  routingVersion: 'rtv',
  catalogueSync: 'sync',
  catalogueChange: 'chg',
  cataloguePrice: 'price',
  qualityScore: 'qual',
  benchmarkRun: 'bench',
  benchmarkSchedule: 'bsch',
  request: 'req',
  outbox: 'out',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Crockford's base 32 in lower case: sorts like the bytes it stands for, and has no i, l, o, u to misread. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const bodyLength = 26;

/** 128 bits are 26 characters of 5 bits, the first two bits being none of theirs. */
function encode(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let heldBits = bodyLength * 5 - bytes.length * 8;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    heldBits += 8;
    while (heldBits >= 5) {
      heldBits -= 5;
      text += alphabet[(held >> heldBits) & 31];
    }
    held &= (1 << heldBits) - 1;
  }
  return text;
}

const counterLimit = 0x1000;
const counterSeedLimit = 0x400;
let last = { ms: -1, counter: 0 };

/** Starts anew with each millisecond, low enough to leave room for 3,000 ids of the same one. */
function nextCounter(nowMs: number): number {
  const counter = nowMs === last.ms ? (last.counter + 1) % counterLimit : randomInt(counterSeedLimit);
  last = { ms: nowMs, counter };
  return counter;
}

/** Random bytes come cheaper by the page. */
const pool = Buffer.alloc(4_096);
let poolAt = pool.length;

function randomIdBytes(): Buffer {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  poolAt += 16;
  return Buffer.from(pool.subarray(poolAt - 16, poolAt));
}

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, a counter of 12 bits so that ids of one process sort in the
 * order in which they were made (section 6.2, method 1), then random bits.
 */
function uuidV7Bytes(nowMs: number): Uint8Array {
  const bytes = randomIdBytes();
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | nextCounter(nowMs), 6);
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
