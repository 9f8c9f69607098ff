import { redact } from '@signalbox/common';
import type { LitellmEndpoint } from './litellm-endpoints';

/**
 * - unreachable: nobody answered in time, or LiteLLM is without its database; trying again later makes sense
 * - failed: LiteLLM answered 5xx, or something that is not its form
 * - rejected: LiteLLM understood and refused
 * - not_found: there is no such key or team
 */
export type LitellmErrorKind = 'unreachable' | 'failed' | 'rejected' | 'not_found';

const maxReasonLength = 300;

/** Never holds a key: what LiteLLM says is redacted and cut, and what was sent to it is not repeated. */
export class LitellmError extends Error {
  constructor(
    readonly kind: LitellmErrorKind,
    readonly endpoint: LitellmEndpoint | 'state',
    readonly status: number | null,
    reason: string,
    /** `error.param` of LiteLLM's answer: the field that it refused. */
    readonly param: string | null = null,
  ) {
    super(`LiteLLM ${endpoint}: ${redact(reason).slice(0, maxReasonLength)}`);
    this.name = 'LitellmError';
  }
}

export function isLitellmError(error: unknown, kind: LitellmErrorKind): error is LitellmError {
  return error instanceof LitellmError && error.kind === kind;
}
