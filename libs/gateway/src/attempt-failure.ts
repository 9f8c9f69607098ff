/** Why one call to a provider gave no answer that may be shown. Stands in x-signalbox-fallback, metrics and usage events. */
export const failureReasons = [
  'connect_error',
  'no_answer',
  'first_byte_timeout',
  'credential_refused',
  'payment_required',
  'timeout',
  'conflict',
  'rate_limited',
  'provider_error',
  'invalid_answer',
  'error_event',
  'model_unknown',
  'breaker_open',
  'litellm_down',
  'litellm_error',
  /** The request itself is wrong, in the provider's eyes: the only one after which nobody else is tried, unless it is only too long for one model of several. */
  'client_error',
] as const;

export type FailureReason = (typeof failureReasons)[number];
