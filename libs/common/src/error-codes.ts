/**
 * Every error that the admin API can answer, in one table. Each code is documented in docs/errors.md, which
 * a test holds against this table. The edge speaks OpenAI's and Anthropic's dialects and has its own table
 * (libs/gateway).
 */
export const errorCodes = {
  // The caller
  token_missing: { status: 401, title: 'A service token is needed' },
  token_malformed: { status: 401, title: 'The service token is mistyped' },
  token_unknown: { status: 401, title: 'The service token is not known' },
  token_revoked: { status: 401, title: 'The service token was revoked' },
  token_expired: { status: 401, title: 'The service token has expired' },
  scope_missing: { status: 403, title: 'The service token lacks a scope' },
  platform_only: { status: 403, title: 'Only a platform token may do this' },

  // The request
  route_not_found: { status: 404, title: 'There is no such route' },
  method_not_allowed: { status: 405, title: 'The route does not know this method' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  validation_failed: { status: 400, title: 'The request is not valid' },
  cursor_invalid: { status: 400, title: 'The cursor is not one of ours' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body must be JSON' },
  idempotency_key_invalid: { status: 400, title: 'The Idempotency-Key is not usable' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  idempotency_answer_lost: { status: 409, title: 'The request was carried out, but its answer is lost' },
  idempotency_in_progress: { status: 409, title: 'A request with this Idempotency-Key is still running' },

  // Resources
  organization_not_found: { status: 404, title: 'No such organization' },
  organization_not_empty: { status: 409, title: 'The organization still has workspaces' },
  workspace_not_found: { status: 404, title: 'No such workspace' },
  workspace_not_empty: { status: 409, title: 'The workspace still has virtual keys' },
  virtual_key_not_found: { status: 404, title: 'No such virtual key' },
  virtual_key_alias_taken: { status: 409, title: 'The key alias is taken in this workspace' },
  virtual_key_too_many_values: { status: 409, title: 'Too many values of the virtual key are still valid' },
  virtual_key_revoked: { status: 409, title: 'The virtual key is revoked' },
  service_not_found: { status: 404, title: 'No such service' },
  service_name_taken: { status: 409, title: 'The service name is taken in this organization' },
  service_in_use: { status: 409, title: 'Virtual keys name the service' },
  usage_event_not_found: { status: 404, title: 'No such usage event' },
  service_token_not_found: { status: 404, title: 'No such service token' },
  provider_not_found: { status: 404, title: 'No such provider' },
  provider_name_taken: { status: 409, title: 'The provider name is taken' },
  provider_in_use: { status: 409, title: 'The provider is still in use' },
  credential_not_found: { status: 404, title: 'No such credential' },
  credential_exists: { status: 409, title: 'The owner already has an enabled credential for this provider' },
  credential_in_environment: { status: 409, title: 'The credential is a variable of the environment' },
  credential_in_use: { status: 409, title: 'Deployments name the credential' },
  credential_not_readable: { status: 409, title: 'The secret of the credential cannot be read' },
  credential_key_invalid: { status: 400, title: 'The provider key cannot be a key' },
  base_url_forbidden: { status: 400, title: 'The base URL leads to an address that is not allowed' },
  reveal_rate_limited: { status: 429, title: 'Too many secrets were revealed' },
  probe_rate_limited: { status: 429, title: 'Too many keys were tested' },
  rotation_not_found: { status: 404, title: 'No such rotation' },
  rotation_in_progress: { status: 409, title: 'A rotation of it is running' },
  rotation_not_possible: { status: 409, title: 'It cannot be rotated like this' },
  rotation_finished: { status: 409, title: 'The rotation is over' },
  webhook_not_found: { status: 404, title: 'No such webhook' },
  webhook_limit_reached: { status: 409, title: 'There are too many webhooks' },
  webhook_signature_invalid: { status: 401, title: 'The signature of the webhook is missing or wrong' },
  maintenance_run_not_found: { status: 404, title: 'No such maintenance run' },
  maintenance_run_in_progress: { status: 409, title: 'Such a maintenance run is going on' },
  model_not_found: { status: 404, title: 'No such model' },
  model_name_taken: { status: 409, title: 'The model name is taken' },
  deployment_not_found: { status: 404, title: 'No such deployment' },
  config_release_not_found: { status: 404, title: 'No such config release' },
  config_release_in_progress: { status: 409, title: 'Another config release is being applied' },
  config_release_lint_failed: { status: 422, title: 'The configuration has lint errors' },
  config_release_not_restorable: { status: 409, title: 'This config release cannot be rolled back to' },
  config_unchanged: { status: 409, title: 'The configuration is the one that runs' },
  audit_event_not_found: { status: 404, title: 'No such audit event' },
  version_conflict: { status: 409, title: 'Somebody else changed it meanwhile' },

  // Us
  secret_store_unavailable: { status: 503, title: 'The secret store does not answer' },
  secret_store_refused: { status: 503, title: 'The secret store refuses our identity' },
  drift_check_unavailable: { status: 503, title: 'The comparison cannot be made now' },
  internal_token_invalid: { status: 401, title: 'The internal token is missing or wrong' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;
