import { isRecord } from '@signalbox/common';
import type { LeaseRequest } from '@signalbox/domain/credential-broker';

const idLimit = 128;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= idLimit;
}

/** Of the edge's questions at once. */
const batchLimit = 200;

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

function readRequest(value: unknown): LeaseRequest | null {
  if (!isRecord(value)) return null;
  const { credential_id: credentialId, key_hash: keyHash, ...others } = value;
  if (!isText(credentialId) || !isText(keyHash) || Object.keys(others).length > 0) return null;
  return { credentialId, keyHash };
}

/** @returns null for anything that is not exactly `{"credential_id": "...", "key_hash": "..."}` */
export function parseLeaseRequest(body: Buffer): LeaseRequest | null {
  return readRequest(parse(body));
}

/** @returns null for anything that is not exactly `{"leases": [{"credential_id": "...", "key_hash": "..."}, ...]}` */
export function parseLeaseBatch(body: Buffer): LeaseRequest[] | null {
  const value = parse(body);
  if (!isRecord(value)) return null;
  const { leases, ...others } = value;
  if (!Array.isArray(leases) || Object.keys(others).length > 0) return null;
  if (leases.length === 0 || leases.length > batchLimit) return null;
  const requests = leases.map(readRequest).filter((request) => request !== null);
  return requests.length === leases.length ? requests : null;
}
