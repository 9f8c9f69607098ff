import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { VersionedRow } from './columns';
import { ProviderEntity } from './provider.entity';

/** A provider key: where it is kept and how it is recognized, never the key. */
@Entity('credentials')
@Index('credentials_provider_id_idx', ['providerId'])
@Index('credentials_organization_id_idx', ['organizationId'])
@Index('credentials_reference_key', ['reference'], { unique: true })
export class CredentialEntity extends VersionedRow {
  /** null: the platform's own. */
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'provider_id' })
  providerId!: string;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'provider_id', foreignKeyConstraintName: 'credentials_provider_id_fkey' })
  provider?: Relation<ProviderEntity>;

  @Column({ type: 'text', name: 'owner_type', default: 'platform' })
  ownerType!: 'platform';

  /** Where the secret is, such as env:OPENAI_API_KEY. */
  @Column({ type: 'text' })
  reference!: string;

  @Column({ type: 'text' })
  fingerprint!: string;

  @Column({ type: 'text' })
  last4!: string;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;
}
