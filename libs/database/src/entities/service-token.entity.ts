import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { TextList, Timestamp } from './columns';

/** What operators and products call the admin API with. Only the SHA-256 of its value is kept. */
@Entity('service_tokens')
@Index('service_tokens_token_hash_key', ['tokenHash'], { unique: true })
@Index('service_tokens_organization_id_idx', ['organizationId', 'id'])
export class ServiceTokenEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** null: bound to the platform, so to no single organization. */
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', name: 'token_hash' })
  tokenHash!: string;

  @Column({ type: 'text', name: 'token_name' })
  tokenName!: string;

  @TextList()
  scopes!: string[];

  @Timestamp({ name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Timestamp({ name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  @Timestamp({ name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
