import type { UsageEventEntity } from '@signalbox/database';
import type { UsageEventFilter } from '@signalbox/domain/usage';
import { formatNanoUsd, type UsageAttempt } from '@signalbox/gateway';
import type { ListUsageEventsQuery, UsageAttemptView, UsageEventView } from './usage-event.dto';

const nanoUsdPerUsd = 1_000_000_000;

export function toUsageEventFilter(query: ListUsageEventsQuery): UsageEventFilter {
  return {
    organizationId: query.organization_id,
    workspaceId: query.workspace_id,
    virtualKeyId: query.virtual_key_id,
    serviceId: query.service_id,
    model: query.model,
    route: query.route,
    statusCode: query.status_code,
    requestId: query.request_id,
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
  };
}

/** The column holds what usageEvent of libs/gateway let in. */
function toAttemptView({
  started_at_ms,
  purpose,
  cost_nano_usd,
  ...attempt
}: UsageAttempt): UsageAttemptView {
  return {
    ...attempt,
    purpose: purpose ?? 'answer',
    cost_usd: usdOf(cost_nano_usd ?? null),
    started_at: new Date(started_at_ms).toISOString(),
  };
}

/** Of a text, as PostgreSQL gives its large numbers. */
function usdOf(nanoUsd: number | string | null): string | null {
  return nanoUsd === null ? null : formatNanoUsd(Number(nanoUsd));
}

export function toUsageEventView(event: UsageEventEntity): UsageEventView {
  const { providerCostNanoUsd } = event;
  return {
    request_id: event.requestId,
    organization_id: event.organizationId,
    workspace_id: event.workspaceId,
    virtual_key_id: event.virtualKeyId,
    service_id: event.serviceId,
    user_id: event.userId,
    call_type: event.callType,
    model_requested: event.modelRequested,
    model_used: event.modelUsed,
    upstream_model: event.upstreamModel,
    provider: event.provider,
    provider_id: event.providerId,
    deployment_id: event.deploymentId,
    credential_id: event.credentialId,
    credential_owner: event.credentialOwner,
    route: event.route,
    fallback_reason: event.fallbackReason,
    cross_vendor: event.crossVendor,
    attempts: (event.attempts as unknown as UsageAttempt[]).map(toAttemptView),
    status_code: event.statusCode,
    error_code: event.errorCode,
    complete: event.complete,
    client_gone: event.clientGone,
    stream: event.stream,
    prompt_tokens: Number(event.promptTokens),
    completion_tokens: Number(event.completionTokens),
    cache_read_tokens: Number(event.cacheReadTokens),
    cache_write_tokens: Number(event.cacheWriteTokens),
    reasoning_tokens: Number(event.reasoningTokens),
    usage_source: event.usageSource,
    provider_cost_usd: providerCostNanoUsd === null ? null : Number(providerCostNanoUsd) / nanoUsdPerUsd,
    cost_usd: usdOf(event.costNanoUsd),
    prices: event.prices,
    power_level: event.powerLevel,
    bytes_in: Number(event.bytesIn),
    bytes_out: Number(event.bytesOut),
    decision: event.decision,
    edge_id: event.edgeId,
    started_at: event.startedAt.toISOString(),
    first_byte_at: event.firstByteAt?.toISOString() ?? null,
    ended_at: event.endedAt.toISOString(),
    recorded_at: event.recordedAt.toISOString(),
  };
}
