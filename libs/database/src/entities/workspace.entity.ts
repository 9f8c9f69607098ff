import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { JsonObject, LimitedRow, TextList, Timestamp } from './columns';
import { OrganizationEntity } from './organization.entity';
import type { MirrorState } from './mirror-state';

export const credentialPolicies = ['byok_only', 'byok_then_platform', 'platform_only'] as const;
export type CredentialPolicy = (typeof credentialPolicies)[number];

@Entity('workspaces')
@Index('workspaces_organization_id_idx', ['organizationId', 'id'])
export class WorkspaceEntity extends LimitedRow {
  @Column({ type: 'text', name: 'organization_id' })
  organizationId!: string;

  @ManyToOne(() => OrganizationEntity)
  @JoinColumn({ name: 'organization_id', foreignKeyConstraintName: 'workspaces_organization_id_fkey' })
  organization?: Relation<OrganizationEntity>;

  @Column({ type: 'text' })
  name!: string;

  /** Empty: every model. */
  @TextList()
  models!: string[];

  @Column({ type: 'boolean', default: false })
  blocked!: boolean;

  @JsonObject()
  metadata!: Record<string, unknown>;

  /** Whose provider keys may pay. */
  @Column({ type: 'text', name: 'credential_policy', default: 'byok_then_platform' })
  credentialPolicy!: CredentialPolicy;

  /** Whether the platform pays, under byok_then_platform, also where an own key exists but is of no use. */
  @Column({ type: 'boolean', name: 'platform_fallback', default: false })
  platformFallback!: boolean;

  /** Cascades, aliases, attempts and what happens while LiteLLM is down: a routing policy of libs/gateway, as it was set. */
  @JsonObject()
  routing!: Record<string, unknown>;

  @Column({ type: 'text', name: 'mirror_state', default: 'pending' })
  mirrorState!: MirrorState;

  @Column({ type: 'text', name: 'mirror_error', nullable: true })
  mirrorError!: string | null;

  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
