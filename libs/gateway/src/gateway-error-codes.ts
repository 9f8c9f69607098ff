/**
 * Every error that port 4000 itself answers, in one table; docs/errors-edge.md describes each, and a test holds the
 * two together. Errors of a provider or of LiteLLM pass through in the caller's dialect and are not listed here.
 *
 * `isFinal` becomes `x-should-retry: false`: SDKs retry twice by default, which would only repeat the same answer.
 */
interface GatewayError {
  readonly status: number;
  readonly message: string;
  readonly isFinal: boolean;
  readonly retryAfterSeconds?: number;
}

function final(status: number, message: string): GatewayError {
  return { status, message, isFinal: true };
}

function retryable(status: number, retryAfterSeconds: number, message: string): GatewayError {
  return { status, message, isFinal: false, retryAfterSeconds };
}

const codes = {
  // Route
  route_not_found: final(
    404,
    'This path is not served here. Port 4000 serves LLM routes such as /v1/chat/completions.',
  ),
  method_not_allowed: final(405, 'This path does not know this method.'),

  // Key
  key_missing: final(401, 'Send a virtual key: "Authorization: Bearer sk-sb-..." or "x-api-key: sk-sb-...".'),
  key_malformed: final(
    401,
    'The virtual key is mistyped: its checksum does not match. Copy it again, complete.',
  ),
  key_unknown: final(401, 'The virtual key is not known here. It may belong to another installation.'),
  key_revoked: final(401, 'The virtual key was revoked. Ask for a new one.'),
  key_deleted: final(401, 'The virtual key was deleted. Ask for a new one.'),
  key_expired: final(401, 'The virtual key has expired. Ask for a new one.'),
  key_blocked: final(403, 'The virtual key is blocked. Ask the operator to unblock it.'),
  workspace_blocked: final(403, 'The workspace of this virtual key is blocked. Ask the operator.'),
  workspace_deleted: final(403, 'The workspace of this virtual key was deleted.'),
  organization_blocked: final(403, 'The organization of this virtual key is blocked. Ask the operator.'),
  organization_deleted: final(403, 'The organization of this virtual key was deleted.'),

  // Policy
  model_not_allowed: final(
    403,
    'The model is not on the list of this virtual key or its workspace. GET /v1/models shows the list.',
  ),
  model_not_found: final(404, 'There is no such model for this virtual key. GET /v1/models shows the list.'),
  no_candidate_left: final(
    403,
    'The routing policy leaves nobody who may take this request. See docs/routing.md, "Who is not chosen".',
  ),
  power_level_not_served: final(
    400,
    'Power levels do not serve this route: vectors of different models cannot be compared. Name a model, or a group of the policy.',
  ),
  field_forbidden: final(400, 'The body has a field that clients must not set.'),

  // Provider keys
  credential_missing: final(
    403,
    'This workspace must bring its own provider key for this model, and has none. Add one: POST /api/v1/credentials.',
  ),
  credential_unusable: final(
    403,
    "The workspace's own provider key for this model is refused, expired or unreadable. Replace it: see GET /api/v1/credentials.",
  ),
  platform_credential_missing: final(
    503,
    'The operator has set no provider key for this model. Ask the operator.',
  ),
  credential_unavailable: retryable(
    503,
    5,
    'The provider key cannot be fetched just now. Try again shortly.',
  ),

  // Limits
  request_limit_reached: final(
    429,
    'A limit of requests is reached. The header x-ratelimit-reset-requests says when it ends.',
  ),
  token_limit_reached: final(
    429,
    'A limit of tokens is reached. The header x-ratelimit-reset-tokens says when it ends.',
  ),
  parallel_limit_reached: retryable(429, 1, 'Too many requests of this key are running at the same time.'),
  unknown_keys_limited: final(429, 'Too many requests with unknown keys came from this address.'),

  // Request
  malformed_request: final(400, 'The request is not valid HTTP.'),
  malformed_json: final(400, 'The body is not valid JSON in UTF-8.'),
  malformed_form: final(400, 'The form could not be read unambiguously.'),
  body_not_an_object: final(400, 'The body must be a JSON object.'),
  field_invalid: final(400, 'A field of the body has the wrong type.'),
  model_missing: final(400, 'The body must name a model: "model" as a non-empty string.'),
  body_too_large: final(413, 'The body is too large.'),
  media_type_unsupported: final(
    415,
    'The body must be sent as application/json, uncompressed (uploads: multipart/form-data).',
  ),
  headers_too_large: final(431, 'The request headers are too large.'),
  request_timeout: final(408, 'The request did not arrive in time.'),

  // Us, and what is behind us
  policy_unavailable: retryable(503, 2, 'The virtual key cannot be checked just now. Try again shortly.'),
  litellm_unavailable: retryable(503, 5, 'LiteLLM does not answer just now. Try again shortly.'),
  litellm_refused_context: retryable(
    503,
    5,
    'LiteLLM refused our own signature. The operator was told; your key is fine.',
  ),
  litellm_no_answer: retryable(
    502,
    1,
    'LiteLLM ended the connection before it answered. The call may have reached the provider.',
  ),
  litellm_timeout: final(504, 'LiteLLM did not answer in time.'),
  provider_credential_refused: final(
    502,
    'The provider refused the provider key of this call. Your virtual key is fine. Whose key it is: header x-signalbox-credential-owner.',
  ),
  all_providers_unavailable: retryable(
    503,
    5,
    'All providers unavailable: every candidate was tried without success.',
  ),
  provider_answer_invalid: retryable(
    502,
    1,
    'The provider answered with something that is not a valid answer.',
  ),
  provider_timeout: final(504, 'No provider answered in time.'),
  route_needs_litellm: retryable(
    503,
    5,
    'LiteLLM does not answer just now, and this kind of call cannot go another way.',
  ),
  policy_outdated: retryable(
    503,
    5,
    'This gateway has been cut off for too long to vouch for the virtual key. Try again shortly.',
  ),
  overloaded: retryable(503, 1, 'The gateway is busy. Try again shortly.'),
  stream_interrupted: final(
    502,
    'The answer was cut before its end. What you have received is not complete.',
  ),
  shutting_down: retryable(503, 1, 'The gateway is restarting. Try again shortly.'),
  internal_error: final(500, 'Something went wrong in the gateway.'),
} as const satisfies Record<string, GatewayError>;

export type GatewayErrorCode = keyof typeof codes;

export const gatewayErrorCodes: Readonly<Record<GatewayErrorCode, GatewayError>> = codes;
