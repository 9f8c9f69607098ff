import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomically } from './atomic-file.mjs';
import { UserError } from './user-error.mjs';

const token = (bytes = 32) => randomBytes(bytes).toString('base64url');
const keyRing = () => `k1:${token()}`;

/** One generator per secret. A secret that is missing in an older file is added; one that exists is never changed. */
const generators = {
  internalToken: token,
  contextSigningKeys: keyRing,
  encryptionKeys: keyRing,
  brokerToken: token,
  fallbackToken: token,
  edgeStateKeys: keyRing,
  fingerprintKey: token,
  litellmMasterKey: () => `sk-${token()}`,
  litellmSaltKey: () => `sk-${token()}`,
  postgresAdminPassword: token,
  ownerDatabasePassword: token,
  appDatabasePassword: token,
  litellmDatabasePassword: token,
  redisPassword: token,
};

/** The secrets of this installation, made at the first start and kept in a file that only its owner can read. */
export function ensureSecrets(path) {
  mkdirSync(dirname(path), { recursive: true });
  const saved = readSecrets(path) ?? {};
  const missing = Object.keys(generators).filter((name) => !saved[name]);
  const secrets = { ...saved };
  for (const name of missing) secrets[name] = generators[name]();
  if (missing.length > 0) writeFileAtomically(path, `${JSON.stringify(secrets, null, 2)}\n`);
  else if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return Object.freeze(secrets);
}

/** Undefined before the first start. A damaged file is an error: new secrets would lock us out of our own databases. */
export function readSecrets(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${path} is damaged. Restore it from a backup, or begin anew with: npm run reset`);
  }
}
