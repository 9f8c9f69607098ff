import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { JsonObject, Timestamp } from './columns';
import { OrganizationEntity } from './organization.entity';

export type RoutingScope = 'platform' | 'organization' | 'workspace';

/** A routing policy as somebody wrote it once. Rows are only ever added. */
@Entity('routing_versions')
@Index('routing_versions_number_key', ['scope', 'subjectId', 'number'], { unique: true })
export class RoutingVersionEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  scope!: RoutingScope;

  /** Of the workspace or the organization, or `platform`. */
  @Column({ type: 'text', name: 'subject_id' })
  subjectId!: string;

  /** null: the platform's. */
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @ManyToOne(() => OrganizationEntity)
  @JoinColumn({
    name: 'organization_id',
    foreignKeyConstraintName: 'routing_versions_organization_id_fkey',
  })
  organization?: Relation<OrganizationEntity>;

  /** Of this subject, from 1. */
  @Column({ type: 'int' })
  number!: number;

  @JsonObject()
  document!: Record<string, unknown>;

  /** Who wrote it, as in the audit trail. */
  @Column({ type: 'text', nullable: true })
  actor!: string | null;

  @Timestamp({ name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
