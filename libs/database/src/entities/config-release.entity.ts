import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { JsonObject, TextList, Timestamp } from './columns';
import type { ModelMode } from './model.entity';

export const configReleaseStatuses = ['applying', 'active', 'superseded', 'failed'] as const;
export type ConfigReleaseStatus = (typeof configReleaseStatuses)[number];

export interface ReleasedModel {
  name: string;
  mode: ModelMode;
  is_demo: boolean;
  deployment_ids: string[];
  /** What the edge must know of each to choose one and a provider key for it. Missing in releases of older versions. */
  deployments?: ReleasedDeployment[];
  /** Missing in releases of older versions. */
  openrouter_id?: string | null;
}

export interface ReleasedDeployment {
  id: string;
  provider_id: string;
  provider_kind: string;
  needs_key: boolean;
  /** The platform's own credential that the deployment names. */
  credential_id: string | null;
  weight: number;
  order: number;
  /** The provider's own name of the model. Missing, like the next, in releases of older versions. */
  upstream_model?: string | null;
  /** null: the provider's usual one. */
  base_url?: string | null;
}

/** One immutable, numbered LiteLLM configuration. At most one is active, at most one is being applied. */
@Entity('config_releases')
@Index('config_releases_number_key', ['number'], { unique: true })
@Index('config_releases_one_active_key', ['status'], { unique: true, where: `"status" = 'active'` })
@Index('config_releases_one_applying_key', ['status'], { unique: true, where: `"status" = 'applying'` })
export class ConfigReleaseEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'int' })
  number!: number;

  @Column({ type: 'text' })
  status!: ConfigReleaseStatus;

  /** What the runner last reported: starting, verifying, active, failed. */
  @Column({ type: 'text', nullable: true })
  phase!: string | null;

  @Column({ type: 'text', name: 'config_yaml' })
  configYaml!: string;

  @Column({ type: 'text', name: 'config_sha256' })
  configSha256!: string;

  @TextList({ name: 'deployment_ids' })
  deploymentIds!: string[];

  @JsonObject({ default: () => "'[]'" })
  models!: ReleasedModel[];

  @JsonObject({ default: () => "'[]'" })
  lint!: unknown[];

  @JsonObject()
  diff!: Record<string, unknown>;

  /** What the runner saw: ids, LiteLLM's version, engine, time. */
  @JsonObject()
  verification!: Record<string, unknown>;

  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  /** The release whose configuration this one brings back. */
  @Column({ type: 'text', name: 'rollback_of_id', nullable: true })
  rollbackOfId!: string | null;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Timestamp({ name: 'reported_at', nullable: true })
  reportedAt!: Date | null;

  @Timestamp({ name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  @Timestamp({ name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
