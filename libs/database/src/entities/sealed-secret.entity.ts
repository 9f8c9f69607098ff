import { Column, CreateDateColumn, Entity, Index, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** The built-in secret store: the only column of PostgreSQL that holds provider keys, and only sealed. */
@Entity('sealed_secrets')
@Index('sealed_secrets_organization_id_idx', ['organizationId'])
@Index('sealed_secrets_key_id_idx', ['keyId', 'name'])
export class SealedSecretEntity {
  /** Organization (or platform), area and name, as one path; bound into the ciphertext. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'sealed_value' })
  sealedValue!: string;

  /** Of the key-encryption key; the same as in the sealed value, to find what is to be sealed anew. */
  @Column({ type: 'text', name: 'key_id' })
  keyId!: string;

  @Column({ type: 'int', default: 1 })
  revision!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
