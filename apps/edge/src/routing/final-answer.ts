import type { OutgoingHttpHeaders } from 'node:http';
import { finalError, gatewayErrorAnswer, isServedByOpenrouter, type LlmRoute } from '@signalbox/gateway';
import type { EdgeRequest } from '../request/edge-request';
import type { AttemptQueue } from './attempt-queue';
import type { FailedCall, FailoverRun } from './failover-run';

export interface FinalAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: object;
  /** The gateway's own code, or the reason of the provider's error. */
  readonly code: string;
  readonly isOwn: boolean;
  /** Whose error is shown; null: of nobody in particular. */
  readonly of: FailedCall | null;
}

/** SDKs obey any Retry-After, so a long one would hang the caller: then they are told not to retry at all. */
const longRetryMs = 30_000;

/** What the client is told when nobody has answered. */
export function finalAnswerOf(
  { dialect, id }: EdgeRequest,
  route: LlmRoute,
  { failures, isTimeOver }: FailoverRun,
  queue: AttemptQueue,
): FinalAnswer {
  const { skipped, skippedRetryAfterMs, hasFoundWayAround } = queue;
  const failed = failures.map(({ planned, failure }) => ({
    route: planned.route,
    reason: failure.reason,
    phase: failure.phase,
    retryAfterMs: failure.retryAfterMs,
    hasShown: failure.shown !== null,
    isAskedModel: queue.isAskedModel(planned),
  }));
  const isRouteServedAround = hasFoundWayAround || isServedByOpenrouter(route);
  const error = finalError({
    failures: failed,
    skipped,
    skippedRetryAfterMs,
    isTimeOver,
    isRouteServedAround,
  });
  const finality: OutgoingHttpHeaders = error.isFinal ? { 'x-should-retry': 'false' } : {};
  if (error.kind === 'shown') {
    const of = failures[error.index]!;
    const { status, headers, body } = of.failure.shown!;
    return { status, headers: { ...headers, ...finality }, body, code: of.failure.reason, isOwn: false, of };
  }
  const { code, retryAfterMs } = error;
  const { status, headers, body } = gatewayErrorAnswer(dialect, code, id);
  const all: OutgoingHttpHeaders = { ...headers, ...finality };
  if (retryAfterMs !== null) all['retry-after'] = String(Math.max(Math.ceil(retryAfterMs / 1_000), 1));
  if (retryAfterMs !== null && retryAfterMs > longRetryMs) all['x-should-retry'] = 'false';
  return { status, headers: all, body, code, isOwn: true, of: null };
}
