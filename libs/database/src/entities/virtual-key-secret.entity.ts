import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { Timestamp } from './columns';
import type { MirrorState } from './mirror-state';
import { VirtualKeyEntity } from './virtual-key.entity';

/** One value of a virtual key. A rotation adds a second one; the older ends at `validUntil`. */
@Entity('virtual_key_secrets')
@Index('virtual_key_secrets_key_hash_key', ['keyHash'], { unique: true })
@Index('virtual_key_secrets_virtual_key_id_idx', ['virtualKeyId', 'id'])
@Index('virtual_key_secrets_organization_id_idx', ['organizationId'])
export class VirtualKeySecretEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'organization_id' })
  organizationId!: string;

  @Column({ type: 'text', name: 'virtual_key_id' })
  virtualKeyId!: string;

  @ManyToOne(() => VirtualKeyEntity)
  @JoinColumn({ name: 'virtual_key_id', foreignKeyConstraintName: 'virtual_key_secrets_virtual_key_id_fkey' })
  virtualKey?: Relation<VirtualKeyEntity>;

  /** SHA-256 of the value, hex: what the edge looks up, and LiteLLM's own token for the key. */
  @Column({ type: 'text', name: 'key_hash' })
  keyHash!: string;

  /** LiteLLM's field of that name: the first and the last characters, such as sk-...a1B2. */
  @Column({ type: 'text', name: 'key_name' })
  keyName!: string;

  /** The value, sealed, until LiteLLM has it; then null for good. */
  @Column({ type: 'text', name: 'sealed_value', nullable: true })
  sealedValue!: string | null;

  /** Set on the older value by a rotation; null: as long as the key lives. */
  @Timestamp({ name: 'valid_until', nullable: true })
  validUntil!: Date | null;

  /** As far as attempts have been reported. */
  @Timestamp({ name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ type: 'text', name: 'mirror_state', default: 'pending' })
  mirrorState!: MirrorState;

  @Column({ type: 'text', name: 'mirror_error', nullable: true })
  mirrorError!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
