import { type DeploymentFacts, pricesAt, type UsageEvent } from '@signalbox/gateway';
import type { EdgeRequest } from '../request/edge-request';
import { callCostNanoUsd } from './call-cost';
import type { RequestRecord } from './request-record';

/** As nginx writes it: the client closed the connection before there was an answer. */
const clientClosedStatus = 499;
/** An upstream may write anything there, and an event with a longer name would be refused by the worker, */
const longestName = 512;
/** and one with these by PostgreSQL: NUL, and halves of a character, as a cut may leave one. */
const unstorable = /\0|\p{Surrogate}/gu;

function decisionOf({
  decision,
  skipped,
  answeredBy,
  modelRequested,
}: RequestRecord): UsageEvent['decision'] {
  const made = decision?.take() ?? null;
  const isOtherModel = answeredBy !== null && answeredBy.model !== modelRequested;
  if (made === null && skipped === 0 && !isOtherModel) return null;
  return { ...made, skipped_open: skipped, model: answeredBy?.model ?? null };
}

/** The one place where usage events come from. The client's connection is done with the request. */
export function buildUsageEvent(
  { id, response, startedAtMs, facts }: EdgeRequest,
  record: RequestRecord,
  edgeId: string,
  endedAtMs: number,
  /** What is known of the deployment that answered. */
  known: DeploymentFacts | null = null,
): UsageEvent {
  const { caller, answeredBy, end } = record;
  const { key } = caller;
  const usage = end?.usage ?? null;
  return {
    v: 1,
    request_id: id,
    organization_id: key.organization_id,
    workspace_id: key.workspace_id,
    virtual_key_id: key.key_id,
    service_id: key.service_id,
    user_id: key.user_id,
    call_type: record.callType,
    model_requested: record.modelRequested,
    model_used: answeredBy?.model ?? null,
    upstream_model: end?.upstreamModel?.slice(0, longestName).replace(unstorable, '') ?? null,
    provider: answeredBy?.provider ?? null,
    provider_id: answeredBy?.providerId ?? null,
    deployment_id: answeredBy?.deploymentId ?? null,
    credential_id: answeredBy?.credential?.id ?? null,
    credential_owner: answeredBy?.credential?.owner ?? null,
    route: answeredBy?.route ?? null,
    fallback_reason: record.fallbackReason,
    cross_vendor: answeredBy?.isCrossVendor ?? false,
    attempts: [...record.attempts, ...record.furtherAttempts],
    status_code: response.headersSent ? response.statusCode : clientClosedStatus,
    error_code: facts.code ?? record.errorCode,
    complete: end?.complete ?? false,
    client_gone: end?.clientGone ?? !response.writableFinished,
    stream: record.isStream,
    prompt_tokens: usage?.prompt_tokens ?? 0,
    completion_tokens: usage?.completion_tokens ?? 0,
    cache_read_tokens: usage?.cache_read_tokens ?? 0,
    cache_write_tokens: usage?.cache_write_tokens ?? 0,
    reasoning_tokens: usage?.reasoning_tokens ?? 0,
    usage_source: usage ? 'provider' : 'none',
    provider_cost_nano_usd: usage?.provider_cost_nano_usd ?? null,
    cost_nano_usd: callCostNanoUsd(usage, known),
    prices: known?.prices ? pricesAt(known.prices, usage?.prompt_tokens ?? 0) : null,
    power_level: record.powerLevel,
    bytes_in: record.bytesIn,
    bytes_out: end?.bytesOut ?? 0,
    decision: decisionOf(record),
    edge_id: edgeId,
    started_at_ms: startedAtMs,
    first_byte_at_ms: end?.firstByteAtMs ?? null,
    ended_at_ms: endedAtMs,
  };
}
