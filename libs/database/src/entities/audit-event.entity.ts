import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { JsonObject, Timestamp } from './columns';

/** Written in the transaction of the change, never changed; each event carries the hash of the one before. */
@Entity('audit_events')
@Index('audit_events_chain_sequence_key', ['chain', 'sequence'], { unique: true })
@Index('audit_events_organization_id_idx', ['organizationId', 'id'])
@Index('audit_events_target_id_idx', ['targetId', 'id'])
export class AuditEventEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** The organization's id, or `platform`: each chain is hashed on its own. */
  @Column({ type: 'text' })
  chain!: string;

  @Column({ type: 'bigint' })
  sequence!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'actor_type' })
  actorType!: 'service_token' | 'system';

  @Column({ type: 'text', name: 'actor_id' })
  actorId!: string;

  /** Such as virtual_key.created. */
  @Column({ type: 'text' })
  action!: string;

  @Column({ type: 'text', name: 'target_type' })
  targetType!: string;

  @Column({ type: 'text', name: 'target_id' })
  targetId!: string;

  @Column({ type: 'text', name: 'request_id', nullable: true })
  requestId!: string | null;

  /** Names of fields and their new values; never a secret. */
  @JsonObject()
  changes!: Record<string, unknown>;

  @Timestamp({ name: 'occurred_at' })
  occurredAt!: Date;

  @Column({ type: 'text', name: 'previous_hash' })
  previousHash!: string;

  @Column({ type: 'text' })
  hash!: string;
}
