import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Timestamp } from './columns';

/** One try of one deployment, as LiteLLM's hook reported it. */
@Entity('attempts')
@Index('attempts_request_id_idx', ['requestId'])
@Index('attempts_organization_id_idx', ['organizationId', 'startedAt'])
@Index('attempts_credential_id_idx', ['credentialId', 'endedAt'], { where: 'credential_id IS NOT NULL' })
export class AttemptEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'request_id' })
  requestId!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'workspace_id', nullable: true })
  workspaceId!: string | null;

  @Column({ type: 'text', name: 'virtual_key_id', nullable: true })
  virtualKeyId!: string | null;

  @Column({ type: 'text', nullable: true })
  model!: string | null;

  @Column({ type: 'text', name: 'deployment_id', nullable: true })
  deploymentId!: string | null;

  @Column({ type: 'text', nullable: true })
  provider!: string | null;

  @Column({ type: 'text', name: 'upstream_model', nullable: true })
  upstreamModel!: string | null;

  @Column({ type: 'text' })
  status!: 'success' | 'failure';

  @Column({ type: 'text', name: 'error_class', nullable: true })
  errorClass!: string | null;

  @Column({ type: 'int', name: 'status_code', nullable: true })
  statusCode!: number | null;

  @Column({ type: 'bigint', name: 'prompt_tokens', default: 0 })
  promptTokens!: string;

  @Column({ type: 'bigint', name: 'completion_tokens', default: 0 })
  completionTokens!: string;

  @Column({ type: 'bigint', name: 'total_tokens', default: 0 })
  totalTokens!: string;

  @Column({ type: 'bigint', name: 'cost_nano_usd', default: 0 })
  costNanoUsd!: string;

  @Column({ type: 'boolean', default: false })
  stream!: boolean;

  @Column({ type: 'text', name: 'credential_id', nullable: true })
  credentialId!: string | null;

  @Column({ type: 'text', name: 'credential_fingerprint', nullable: true })
  credentialFingerprint!: string | null;

  @Timestamp({ name: 'started_at' })
  startedAt!: Date;

  @Timestamp({ name: 'ended_at' })
  endedAt!: Date;
}
