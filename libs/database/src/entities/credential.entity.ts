import { Check, Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';
import { ProviderEntity } from './provider.entity';
import { WorkspaceEntity } from './workspace.entity';

export const credentialOwnerTypes = ['platform', 'organization', 'workspace', 'member'] as const;
export type CredentialOwnerType = (typeof credentialOwnerTypes)[number];

export const credentialStates = [
  'pending',
  'verified',
  'unverified',
  'invalid',
  'exhausted',
  'expired',
  'disabled',
  'unreadable',
] as const;
export type CredentialState = (typeof credentialStates)[number];

/** inference: pays for calls. admin: makes and revokes inference keys at the provider, never used for calls. */
export const credentialPurposes = ['inference', 'admin'] as const;
export type CredentialPurpose = (typeof credentialPurposes)[number];

/** env: a variable of LiteLLM's process. api: given to us. store: put into the secret store by hand, and found there. */
export type CredentialSource = 'env' | 'api' | 'store';

const ownerColumns = `
  (owner_type = 'platform' AND organization_id IS NULL AND workspace_id IS NULL AND user_id IS NULL)
  OR (owner_type = 'organization' AND organization_id IS NOT NULL AND workspace_id IS NULL AND user_id IS NULL)
  OR (owner_type = 'workspace' AND organization_id IS NOT NULL AND workspace_id IS NOT NULL AND user_id IS NULL)
  OR (owner_type = 'member' AND organization_id IS NOT NULL AND workspace_id IS NULL AND user_id IS NOT NULL)`;

const ownerKeyColumn = `owner_key = CASE owner_type
  WHEN 'platform' THEN 'platform' WHEN 'organization' THEN organization_id
  WHEN 'workspace' THEN workspace_id ELSE organization_id || '/' || user_id END`;

/** A provider key: whose it is, where its versions are kept, how it is; never the key itself. */
@Entity('credentials')
@Index('credentials_provider_id_idx', ['providerId'])
@Index('credentials_organization_id_idx', ['organizationId'])
@Index('credentials_reference_key', ['reference'], { unique: true })
@Index('credentials_one_enabled_key', ['ownerKey', 'providerId', 'purpose'], {
  unique: true,
  where: 'enabled AND deleted_at IS NULL',
})
@Index('credentials_next_check_idx', ['nextCheckAt'], { where: 'enabled AND deleted_at IS NULL' })
@Check('credentials_owner_check', ownerColumns)
@Check('credentials_owner_key_check', ownerKeyColumn)
@Check('credentials_provider_check', 'provider_id IS NOT NULL OR deleted_at IS NOT NULL')
@Check('credentials_state_check', `(state = 'disabled') = (NOT enabled)`)
export class CredentialEntity extends VersionedRow {
  /** null: the platform's own. */
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  /** null in PostgreSQL only where the credential is deleted and its provider is gone too. */
  @Column({ type: 'text', name: 'provider_id', nullable: true })
  providerId!: string;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'provider_id', foreignKeyConstraintName: 'credentials_provider_id_fkey' })
  provider?: Relation<ProviderEntity>;

  @Column({ type: 'text', name: 'owner_type', default: 'platform' })
  ownerType!: CredentialOwnerType;

  @Column({ type: 'text', name: 'workspace_id', nullable: true })
  workspaceId!: string | null;

  @ManyToOne(() => WorkspaceEntity)
  @JoinColumn({ name: 'workspace_id', foreignKeyConstraintName: 'credentials_workspace_id_fkey' })
  workspace?: Relation<WorkspaceEntity>;

  /** The member: a name that is the organization's own, the same as a virtual key's user_id. */
  @Column({ type: 'text', name: 'user_id', nullable: true })
  userId!: string | null;

  /** `platform`, the organization's id, the workspace's id, or `<organization id>/<user id>`; PostgreSQL checks it. */
  @Column({ type: 'text', name: 'owner_key', default: 'platform' })
  ownerKey!: string;

  @Column({ type: 'text', default: 'inference' })
  purpose!: CredentialPurpose;

  @Column({ type: 'text', default: 'api' })
  source!: CredentialSource;

  /** A variable of LiteLLM's process, such as env:OPENAI_API_KEY; null: the versions say where the secret is. */
  @Column({ type: 'text', nullable: true })
  reference!: string | null;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  /** Wins over the deployment's and the provider's. */
  @Column({ type: 'text', name: 'base_url', nullable: true })
  baseUrl!: string | null;

  @JsonObject()
  metadata!: Record<string, unknown>;

  /** Of the current version. */
  @Column({ type: 'text' })
  fingerprint!: string;

  /** A well-known one, such as sk-ant-, which says whose key it is; empty: none of those. */
  @Column({ type: 'text', name: 'key_prefix', default: '' })
  keyPrefix!: string;

  @Column({ type: 'text' })
  last4!: string;

  @Column({ type: 'text', name: 'current_version_id', nullable: true })
  currentVersionId!: string | null;

  /** false exactly when the state is `disabled`. */
  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  @Column({ type: 'text', default: 'pending' })
  state!: CredentialState;

  /** A stable word for why, such as provider_refused; null: nothing to say. */
  @Column({ type: 'text', name: 'state_reason', nullable: true })
  stateReason!: string | null;

  /** For people, free of secrets. */
  @Column({ type: 'text', name: 'state_detail', nullable: true })
  stateDetail!: string | null;

  @Timestamp({ name: 'state_since', default: () => 'now()' })
  stateSince!: Date;

  /** The last time that the provider accepted it; null: never yet. */
  @Timestamp({ name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;

  @Timestamp({ name: 'checked_at', nullable: true })
  checkedAt!: Date | null;

  /** Also the lease: whoever checks moves it into the future first. */
  @Timestamp({ name: 'next_check_at', nullable: true })
  nextCheckAt!: Date | null;

  /** Checks in a row without a clear answer; the backoff. */
  @Column({ type: 'int', name: 'check_failures', default: 0 })
  checkFailures!: number;

  /** The first clear refusal of a key that was once verified; a second one, minutes later, makes it invalid. */
  @Timestamp({ name: 'refused_at', nullable: true })
  refusedAt!: Date | null;

  @Timestamp({ name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Timestamp({ name: 'expiry_notified_at', nullable: true })
  expiryNotifiedAt!: Date | null;

  @Timestamp({ name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  /** How it is rotated by the provider's API: see libs/domain rotations. */
  @JsonObject()
  rotation!: Record<string, unknown>;

  @Column({ type: 'int', name: 'rotate_every_days', nullable: true })
  rotateEveryDays!: number | null;

  @Timestamp({ name: 'next_rotation_at', nullable: true })
  nextRotationAt!: Date | null;

  @Timestamp({ name: 'rotation_reminded_at', nullable: true })
  rotationRemindedAt!: Date | null;

  @Column({ type: 'text', name: 'created_by', default: 'bootstrap' })
  createdBy!: string;

  @Timestamp({ name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;
}
