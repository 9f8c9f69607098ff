import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The end of each audit chain: its lock, and the proof that no event was cut off. */
@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn({ type: 'text' })
  chain!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'bigint' })
  sequence!: string;

  @Column({ type: 'text' })
  hash!: string;
}
