import type { LeaseRequest } from '@signalbox/domain/credential-broker';

const idLimit = 128;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= idLimit;
}

/** @returns null for anything that is not exactly `{"credential_id": "...", "key_hash": "..."}` */
export function parseLeaseRequest(body: Buffer): LeaseRequest | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { credential_id: credentialId, key_hash: keyHash, ...others } = value as Record<string, unknown>;
  if (!isText(credentialId) || !isText(keyHash) || Object.keys(others).length > 0) return null;
  return { credentialId, keyHash };
}
