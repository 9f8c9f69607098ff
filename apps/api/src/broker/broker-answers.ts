import { AppError } from '@signalbox/common';
import type { Lease, LeaseAnswer, LeaseRequest } from '@signalbox/domain/credential-broker';

export interface BrokerAnswer {
  readonly status: number;
  readonly body: object;
  readonly retryAfterSeconds?: number;
}

function failure(status: number, code: string, message: string): BrokerAnswer {
  return { status, body: { code, message } };
}

export const answers = {
  alive: { status: 200, body: { status: 'alive' } },
  routeNotFound: failure(
    404,
    'route_not_found',
    'The broker knows POST /v1/leases, POST /v1/fallback-leases and GET /health/liveliness.',
  ),
  tokenInvalid: failure(
    401,
    'broker_token_invalid',
    'Send SIGNALBOX_BROKER_TOKEN (for /v1/leases) or SIGNALBOX_FALLBACK_TOKEN (for /v1/fallback-leases) as a bearer token.',
  ),
  requestInvalid: failure(
    400,
    'request_invalid',
    'Send {"credential_id": "cred_...", "key_hash": "<SHA-256, hex>"} as application/json, of at most 4 KB.',
  ),
  batchInvalid: failure(
    400,
    'request_invalid',
    'Send {"leases": [{"credential_id": "cred_...", "key_hash": "<SHA-256, hex>"}, ...]} as application/json, with 1 to 200 entries.',
  ),
  tooSlow: {
    ...failure(
      503,
      'secret_store_unavailable',
      'The secret store does not answer. Try again in a few seconds.',
    ),
    retryAfterSeconds: 5,
  },
  failed: failure(500, 'internal_error', 'The broker failed; the log of the API says how.'),
} as const satisfies Record<string, BrokerAnswer>;

function leaseBody(lease: Lease): object {
  return {
    credential_id: lease.credentialId,
    owner_key: lease.ownerKey,
    fingerprint: lease.fingerprint,
    secret: lease.secret,
    ...(lease.environmentVariable === null ? {} : { environment_variable: lease.environmentVariable }),
    base_url: lease.baseUrl,
    base_url_is_trusted: lease.baseUrlIsTrusted,
    fresh_for_ms: lease.freshForMs,
    usable_for_ms: lease.usableForMs,
  };
}

const refusalStatus = { credential_not_found: 404, credential_unusable: 403 } as const;

export function leaseAnswer(answer: LeaseAnswer): BrokerAnswer {
  if ('lease' in answer) return { status: 200, body: leaseBody(answer.lease) };
  return failure(refusalStatus[answer.refusal], answer.refusal, answer.message);
}

/** One answer for each question, in the same order; each with the status that it would have alone. */
export function batchAnswer(asked: readonly LeaseRequest[], answered: readonly BrokerAnswer[]): BrokerAnswer {
  const leases = asked.map(({ credentialId }, index) => {
    const { status, body } = answered[index] ?? answers.failed;
    return { ...body, credential_id: credentialId, status };
  });
  return { status: 200, body: { leases } };
}

/** @returns null for a defect, which is not told to the caller but logged */
export function errorAnswer(error: unknown): BrokerAnswer | null {
  if (!(error instanceof AppError) || error.status !== 503) return null;
  const { status, code, message, retryAfterSeconds } = error;
  return { ...failure(status, code, message), ...(retryAfterSeconds ? { retryAfterSeconds } : {}) };
}
