import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import type { KeyTestView } from './llm-test.dto';

export function toKeyTestView(result: ProbeResult): KeyTestView {
  return {
    ok: result.outcome === 'valid',
    outcome: result.outcome,
    certainty: result.certainty,
    detail: result.detail,
    code: result.code,
    http_status: result.httpStatus,
    retry_after_seconds: result.retryAfterMs === null ? null : Math.ceil(result.retryAfterMs / 1_000),
    expires_at: result.expiresAt?.toISOString() ?? null,
  };
}
