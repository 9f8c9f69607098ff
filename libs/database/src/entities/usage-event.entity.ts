import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { JsonObject, Timestamp } from './columns';

/** One request to port 4000, as the edge told it; see libs/gateway usage-event.ts. */
@Entity('usage_events')
@Index('usage_events_organization_id_idx', ['organizationId', 'startedAt'])
@Index('usage_events_workspace_id_idx', ['workspaceId', 'startedAt'])
@Index('usage_events_virtual_key_id_idx', ['virtualKeyId', 'startedAt'])
@Index('usage_events_service_id_idx', ['serviceId', 'startedAt'], { where: 'service_id IS NOT NULL' })
@Index('usage_events_started_at_idx', ['startedAt'])
export class UsageEventEntity {
  @PrimaryColumn({ type: 'text', name: 'request_id' })
  requestId!: string;

  @Column({ type: 'text', name: 'organization_id' })
  organizationId!: string;

  @Column({ type: 'text', name: 'workspace_id' })
  workspaceId!: string;

  @Column({ type: 'text', name: 'virtual_key_id' })
  virtualKeyId!: string;

  @Column({ type: 'text', name: 'service_id', nullable: true })
  serviceId!: string | null;

  @Column({ type: 'text', name: 'user_id', nullable: true })
  userId!: string | null;

  /** chat_completions, responses, messages ... */
  @Column({ type: 'text', name: 'call_type' })
  callType!: string;

  @Column({ type: 'text', name: 'model_requested', nullable: true })
  modelRequested!: string | null;

  @Column({ type: 'text', name: 'model_used', nullable: true })
  modelUsed!: string | null;

  @Column({ type: 'text', name: 'upstream_model', nullable: true })
  upstreamModel!: string | null;

  /** The kind: openai, anthropic, openrouter ... */
  @Column({ type: 'text', nullable: true })
  provider!: string | null;

  @Column({ type: 'text', name: 'provider_id', nullable: true })
  providerId!: string | null;

  @Column({ type: 'text', name: 'deployment_id', nullable: true })
  deploymentId!: string | null;

  @Column({ type: 'text', name: 'credential_id', nullable: true })
  credentialId!: string | null;

  @Column({ type: 'text', name: 'credential_owner', nullable: true })
  credentialOwner!: string | null;

  /** litellm, openrouter, direct; null: nothing was called. */
  @Column({ type: 'text', nullable: true })
  route!: string | null;

  @Column({ type: 'text', name: 'fallback_reason', nullable: true })
  fallbackReason!: string | null;

  @Column({ type: 'boolean', name: 'cross_vendor', default: false })
  crossVendor!: boolean;

  /** What was tried, in order. */
  @JsonObject({ default: () => "'[]'" })
  attempts!: Record<string, unknown>[];

  @Column({ type: 'int', name: 'status_code' })
  statusCode!: number;

  @Column({ type: 'text', name: 'error_code', nullable: true })
  errorCode!: string | null;

  /** false: cut, refused, or the client went away. */
  @Column({ type: 'boolean' })
  complete!: boolean;

  @Column({ type: 'boolean', name: 'client_gone', default: false })
  clientGone!: boolean;

  @Column({ type: 'boolean', default: false })
  stream!: boolean;

  @Column({ type: 'bigint', name: 'prompt_tokens', default: 0 })
  promptTokens!: string;

  @Column({ type: 'bigint', name: 'completion_tokens', default: 0 })
  completionTokens!: string;

  @Column({ type: 'bigint', name: 'cache_read_tokens', default: 0 })
  cacheReadTokens!: string;

  @Column({ type: 'bigint', name: 'cache_write_tokens', default: 0 })
  cacheWriteTokens!: string;

  @Column({ type: 'bigint', name: 'reasoning_tokens', default: 0 })
  reasoningTokens!: string;

  /** provider: it said so; none: nothing is known. */
  @Column({ type: 'text', name: 'usage_source' })
  usageSource!: string;

  /** What the provider itself said that it cost (OpenRouter does). null: not said. */
  @Column({ type: 'bigint', name: 'provider_cost_nano_usd', nullable: true })
  providerCostNanoUsd!: string | null;

  /** By the prices that were in force. null: no price is known. */
  @Column({ type: 'bigint', name: 'cost_nano_usd', nullable: true })
  costNanoUsd!: string | null;

  /** Those prices, so that a later change of the catalogue changes no past. */
  @Column({ type: 'jsonb', nullable: true })
  prices!: Record<string, unknown> | null;

  /** The power level by which the model was chosen. */
  @Column({ type: 'text', name: 'power_level', nullable: true })
  powerLevel!: string | null;

  @Column({ type: 'bigint', name: 'bytes_in', default: 0 })
  bytesIn!: string;

  @Column({ type: 'bigint', name: 'bytes_out', default: 0 })
  bytesOut!: string;

  /** The inputs of the routing decision, for replay. */
  @Column({ type: 'jsonb', nullable: true })
  decision!: Record<string, unknown> | null;

  @Column({ type: 'text', name: 'edge_id' })
  edgeId!: string;

  @Timestamp({ name: 'started_at' })
  startedAt!: Date;

  @Timestamp({ name: 'first_byte_at', nullable: true })
  firstByteAt!: Date | null;

  @Timestamp({ name: 'ended_at' })
  endedAt!: Date;

  /** When the worker wrote it. */
  @Timestamp({ name: 'recorded_at', default: () => 'now()' })
  recordedAt!: Date;
}
