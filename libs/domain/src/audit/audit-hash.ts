import { sha256Hex } from '@signalbox/common';

export interface HashedAuditFields {
  id: string;
  chain: string;
  sequence: string;
  organizationId: string | null;
  actorType: string;
  actorId: string;
  action: string;
  targetType: string;
  targetId: string;
  requestId: string | null;
  changes: Record<string, unknown>;
  occurredAt: Date;
  previousHash: string;
}

/** The hash before the first event of a chain. */
export const genesisHash = '0'.repeat(64);

/** JSON with sorted names, so that the text does not depend on how PostgreSQL orders jsonb. */
function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(',')}}`;
}

/** SHA-256 over every field of the event and the hash of the one before it. */
export function auditHash(event: HashedAuditFields): string {
  return sha256Hex(
    canonicalJson([
      event.previousHash,
      event.id,
      event.chain,
      event.sequence,
      event.organizationId,
      event.actorType,
      event.actorId,
      event.action,
      event.targetType,
      event.targetId,
      event.requestId,
      event.changes,
      event.occurredAt.toISOString(),
    ]),
  );
}
