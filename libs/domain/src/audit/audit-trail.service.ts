import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId } from '@signalbox/common';
import { AuditChainEntity, AuditEventEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { markCarriedOut } from '@signalbox/domain/idempotency';
import type { EntityManager } from 'typeorm';
import { auditHash, genesisHash } from './audit-hash';

export interface AuditRecord {
  /** Such as virtual_key.created. */
  action: string;
  targetType: string;
  targetId: string;
  /** null: an event of the platform. */
  organizationId: string | null;
  /** Names of fields and their new values; never a secret. */
  changes?: Record<string, unknown>;
}

@Injectable()
export class AuditTrail {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /**
   * Writes the event in the transaction of the change. Call it last: it holds the lock of the organization's chain
   * until the transaction ends.
   */
  async record(manager: EntityManager, caller: Caller, record: AuditRecord): Promise<void> {
    await markCarriedOut(manager, caller, record);
    const chain = record.organizationId ?? 'platform';
    const head = await this.lockHead(manager, chain, record.organizationId);
    const fields = {
      id: newId('auditEvent', this.clock.nowMs()),
      chain,
      sequence: String(BigInt(head.sequence) + 1n),
      organizationId: record.organizationId,
      actorType: caller.actorType,
      actorId: caller.actorId,
      action: record.action,
      targetType: record.targetType,
      targetId: record.targetId,
      requestId: caller.requestId,
      changes: JSON.parse(JSON.stringify(record.changes ?? {})) as Record<string, unknown>,
      occurredAt: this.clock.now(),
      previousHash: head.hash,
    };
    const hash = auditHash(fields);
    await manager.insert(AuditEventEntity, { ...fields, hash } as object);
    await manager.update(AuditChainEntity, { chain }, { sequence: fields.sequence, hash });
  }

  private async lockHead(
    manager: EntityManager,
    chain: string,
    organizationId: string | null,
  ): Promise<{ sequence: string; hash: string }> {
    const lock = (): Promise<{ sequence: string; hash: string }[]> =>
      manager.query('SELECT sequence::text, hash FROM audit_chains WHERE chain = $1 FOR UPDATE', [chain]);
    const [known] = await lock();
    if (known) return known;
    await manager.query(
      `INSERT INTO audit_chains (chain, organization_id, sequence, hash) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING`,
      [chain, organizationId, genesisHash],
    );
    const [made] = await lock();
    if (!made) throw new Error(`the audit chain ${chain} cannot be locked`);
    return made;
  }
}
