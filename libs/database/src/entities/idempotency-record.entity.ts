import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { Timestamp } from './columns';

/** The first answer to an Idempotency-Key, kept sealed, since it may hold a new key's value. */
@Entity('idempotency_records')
@Index('idempotency_records_expires_at_idx', ['expiresAt'])
@Index('idempotency_records_organization_id_idx', ['organizationId'])
export class IdempotencyRecordEntity {
  @PrimaryColumn({ type: 'text', name: 'service_token_id' })
  serviceTokenId!: string;

  @PrimaryColumn({ type: 'text', name: 'idempotency_key' })
  idempotencyKey!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  /** SHA-256 of method, path and body: the same key with another request is refused. */
  @Column({ type: 'text', name: 'request_hash' })
  requestHash!: string;

  @Column({ type: 'int', name: 'response_status', nullable: true })
  responseStatus!: number | null;

  @Column({ type: 'text', name: 'sealed_response', nullable: true })
  sealedResponse!: string | null;

  /** Set in the transaction of the change: what the request changed. With no answer stored, the answer is lost. */
  @Column({ type: 'jsonb', name: 'carried_out', nullable: true })
  carriedOut!: { targetType: string; targetId: string } | null;

  /** While no answer is stored: until when the first request is believed to be running. */
  @Timestamp({ name: 'locked_until' })
  lockedUntil!: Date;

  @Timestamp({ name: 'expires_at' })
  expiresAt!: Date;

  /** When the key was claimed; also the fence against a request that was taken over. */
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
