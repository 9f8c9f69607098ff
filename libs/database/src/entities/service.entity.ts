import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { LimitedRow, Timestamp } from './columns';
import { OrganizationEntity } from './organization.entity';

/** A product or app of an organization whose virtual keys, of whatever workspace, share limits. */
@Entity('services')
@Index('services_organization_id_idx', ['organizationId', 'id'])
@Index('services_name_key', ['organizationId', 'name'], { unique: true, where: '"deleted_at" IS NULL' })
export class ServiceEntity extends LimitedRow {
  @Column({ type: 'text', name: 'organization_id' })
  organizationId!: string;

  @ManyToOne(() => OrganizationEntity)
  @JoinColumn({ name: 'organization_id', foreignKeyConstraintName: 'services_organization_id_fkey' })
  organization?: Relation<OrganizationEntity>;

  @Column({ type: 'text' })
  name!: string;

  /** The row stays for the record: usage events name it. */
  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
