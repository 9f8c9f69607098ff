import type { ErrorCode } from '@signalbox/common';

export type RouteMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Any method may be sent with a body, and a bad one is refused whether or not the route reads it. */
const ofEveryRoute: ErrorCode[] = [
  'validation_failed',
  'malformed_json',
  'body_too_large',
  'media_type_unsupported',
  'internal_error',
];
const ofTokenRoutes: ErrorCode[] = [
  'token_missing',
  'token_malformed',
  'token_unknown',
  'token_revoked',
  'token_expired',
  'scope_missing',
  'database_unavailable',
];
const ofPosts: ErrorCode[] = [
  'idempotency_key_invalid',
  'idempotency_key_reused',
  'idempotency_in_progress',
  'idempotency_answer_lost',
];

/** Every code that a route may answer: its own, and those that come from the frame around it. */
export function routeErrorCodes(method: RouteMethod, needsToken: boolean, own: ErrorCode[]): ErrorCode[] {
  const codes = [
    ...own,
    ...ofEveryRoute,
    ...(needsToken ? ofTokenRoutes : []),
    ...(needsToken && method === 'post' ? ofPosts : []),
  ];
  return [...new Set(codes)].sort();
}
