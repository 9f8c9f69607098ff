import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { JsonObject, Money, TextList, Timestamp, VersionedRow } from './columns';
import { WorkspaceEntity } from './workspace.entity';

@Entity('virtual_keys')
@Index('virtual_keys_organization_id_idx', ['organizationId', 'id'])
@Index('virtual_keys_workspace_id_idx', ['workspaceId', 'id'])
@Index('virtual_keys_alias_key', ['workspaceId', 'keyAlias'], {
  unique: true,
  where: '"deleted_at" IS NULL AND "key_alias" IS NOT NULL',
})
export class VirtualKeyEntity extends VersionedRow {
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

  @Column({ type: 'int', name: 'rpm_limit', nullable: true })
  rpmLimit!: number | null;

  @Column({ type: 'int', name: 'tpm_limit', nullable: true })
  tpmLimit!: number | null;

  @Column({ type: 'int', name: 'max_parallel_requests', nullable: true })
  maxParallelRequests!: number | null;

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
