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
import { CredentialEntity } from './credential.entity';

/** staged: not used yet. retiring: calls that hold it may end. failed: never became current. */
export type CredentialVersionStatus = 'staged' | 'current' | 'retiring' | 'retired' | 'failed';

export type SecretStoreKind = 'sealed' | 'infisical';

/** One value that a credential has, had or will have. The value lies in the secret store under `secretName`. */
@Entity('credential_versions')
@Index('credential_versions_number_key', ['credentialId', 'number'], { unique: true })
@Index('credential_versions_organization_id_idx', ['organizationId'])
@Index('credential_versions_fingerprint_idx', ['fingerprint'])
export class CredentialVersionEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'credential_id' })
  credentialId!: string;

  @ManyToOne(() => CredentialEntity)
  @JoinColumn({ name: 'credential_id', foreignKeyConstraintName: 'credential_versions_credential_id_fkey' })
  credential?: Relation<CredentialEntity>;

  @Column({ type: 'int' })
  number!: number;

  @Column({ type: 'text' })
  status!: CredentialVersionStatus;

  @Column({ type: 'text', name: 'secret_store' })
  secretStore!: SecretStoreKind;

  @Column({ type: 'text', name: 'secret_name' })
  secretName!: string;

  /** HMAC-SHA256 with the installation's fingerprint key: tells values apart without giving any away. */
  @Column({ type: 'text' })
  fingerprint!: string;

  @Column({ type: 'text', name: 'key_prefix', default: '' })
  keyPrefix!: string;

  @Column({ type: 'text' })
  last4!: string;

  /** The provider's own id of the key, where we made it. */
  @Column({ type: 'text', name: 'external_id', nullable: true })
  externalId!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Timestamp({ name: 'switched_at', nullable: true })
  switchedAt!: Date | null;

  @Timestamp({ name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Timestamp({ name: 'retired_at', nullable: true })
  retiredAt!: Date | null;

  /** When the value was taken out of the secret store. */
  @Timestamp({ name: 'erased_at', nullable: true })
  erasedAt!: Date | null;
}
