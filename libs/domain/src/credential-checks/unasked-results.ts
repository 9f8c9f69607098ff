import type { ProbeResult } from '@signalbox/domain/provider-drivers';

function unasked(code: string, detail: string, retryAfterMs: number | null): ProbeResult {
  return {
    outcome: 'unknown',
    httpStatus: null,
    code,
    detail,
    retryAfterMs,
    expiresAt: null,
    certainty: 'none',
  };
}

/** The limit for the provider's host is reached. */
export const busyResult = unasked(
  'probe_limit',
  'Nobody was asked: Signalbox asks each provider only so often, and has done so just now. Try again in a minute.',
  60_000,
);
