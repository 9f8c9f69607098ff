import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { JsonObject, LimitedRow, Money, TextList, Timestamp } from './columns';
import { ServiceEntity } from './service.entity';
import { WorkspaceEntity } from './workspace.entity';

@Entity('virtual_keys')
@Index('virtual_keys_organization_id_idx', ['organizationId', 'id'])
@Index('virtual_keys_workspace_id_idx', ['workspaceId', 'id'])
@Index('virtual_keys_service_id_idx', ['serviceId'], { where: 'service_id IS NOT NULL' })
@Index('virtual_keys_alias_key', ['workspaceId', 'keyAlias'], {
  unique: true,
  where: '"deleted_at" IS NULL AND "key_alias" IS NOT NULL',
})
export class VirtualKeyEntity extends LimitedRow {
  @Column({ type: 'text', name: 'organization_id' })
  organizationId!: string;

  @Column({ type: 'text', name: 'workspace_id' })
  workspaceId!: string;

  @ManyToOne(() => WorkspaceEntity)
  @JoinColumn({ name: 'workspace_id', foreignKeyConstraintName: 'virtual_keys_workspace_id_fkey' })
  workspace?: Relation<WorkspaceEntity>;

  @Column({ type: 'text', name: 'key_alias', nullable: true })
  keyAlias!: string | null;

  /** The member who uses it; their own provider keys come first. */
  @Column({ type: 'text', name: 'user_id', nullable: true })
  userId!: string | null;

  /** Empty: every model of the workspace. */
  @TextList()
  models!: string[];

  @Money({ name: 'max_budget', nullable: true })
  maxBudget!: string | null;

  @Column({ type: 'text', name: 'budget_duration', nullable: true })
  budgetDuration!: string | null;

  /** The product or app that it serves; shares that one's limits. */
  @Column({ type: 'text', name: 'service_id', nullable: true })
  serviceId!: string | null;

  @ManyToOne(() => ServiceEntity)
  @JoinColumn({ name: 'service_id', foreignKeyConstraintName: 'virtual_keys_service_id_fkey' })
  service?: Relation<ServiceEntity>;

  @JsonObject()
  metadata!: Record<string, unknown>;

  @Column({ type: 'boolean', default: false })
  blocked!: boolean;

  @Timestamp({ name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Timestamp({ name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;
}
