import type { FailureReason } from './attempt-failure';
import { type ErrorFields, innermostErrorFields } from './attempt-failure-fields';

/** An error that an upstream answered, before the client has seen a byte. */
export interface ErrorAnswer {
  readonly via: 'litellm' | 'openrouter' | 'direct';
  /** The kind of provider, where it is known: some have statuses of their own. */
  readonly provider: string | null;
  /** Of the head, or of an error inside a 200; null: nobody said one. */
  readonly status: number | null;
  /** As they stand in the answer. */
  readonly error: ErrorFields;
}

export interface FailureClass {
  readonly reason: FailureReason;
  /** LiteLLM itself is at fault, or our part of it: the type of its error. */
  readonly ownMark: string | null;
  /** The request is longer than this model takes: a client's error for this model, and perhaps for no other. */
  readonly isTooLong: boolean;
}

/** With which litellm/signalbox_litellm marks its refusals: auth.py, and refusal.py for the hook. */
const signalboxMark = /^signalbox_[a-z_]{1,64}$/;
/** LiteLLM's own refusals of our identity, and its lost database; a provider's error comes with another type. */
const litellmOwnTypes = new Set([
  'auth_error',
  'token_not_found_in_db',
  'expired_key',
  'no_db_connection',
  'key_model_access_denied',
  'team_model_access_denied',
]);

/**
 * On some routes LiteLLM loses the type, so the hook's messages begin with it. A provider's cannot: LiteLLM puts `litellm.` and
 * the name of an exception before them (litellm/README.md).
 */
function ownMarkOf({ via, error }: Pick<ErrorAnswer, 'via' | 'error'>): string | null {
  if (via !== 'litellm') return null;
  const said = /^(signalbox_[a-z_]{1,64}): /.exec(error.message ?? '')?.[1];
  if (said) return said;
  const type = error.type ?? '';
  const isProviders = error.message?.startsWith('litellm.') ?? false;
  return signalboxMark.test(type) || (litellmOwnTypes.has(type) && !isProviders) ? type : null;
}

const badKeyNames = new Set([
  'invalid_api_key',
  'API_KEY_INVALID',
  'authentication_error',
  'invalid_authentication',
]);
const forbiddenNames = new Set([
  'organization_restricted',
  'permission_error',
  'permission_denied',
  'PERMISSION_DENIED',
]);
const emptyAccountNames = new Set([
  'insufficient_quota',
  'billing_error',
  'billing_not_active',
  'billing_hard_limit_reached',
  'exceeded_current_quota_error',
  'payment_required',
]);
const unknownModelNames = new Set([
  'model_not_found',
  'model_not_available',
  'model_decommissioned',
  'model_deprecated',
  'invalid_model',
  'DeploymentNotFound',
  'no_endpoints',
  'model_unavailable_upstream',
  'wrong_endpoint',
]);
/** The caller's doing, whatever the status. */
const clientNames = new Set([
  'context_length_exceeded',
  'content_policy_violation',
  'content_filter',
  'max_tokens_exceeded',
  'token_limit_exceeded',
  'invalid_prompt',
  'refusal',
  'budget_exceeded',
  'previous_response_not_found',
]);
const litellmClasses: Readonly<Record<string, FailureReason>> = {
  AuthenticationError: 'credential_refused',
  PermissionDeniedError: 'credential_refused',
  ContextWindowExceededError: 'client_error',
  ContentPolicyViolationError: 'client_error',
  BudgetExceededError: 'client_error',
  Timeout: 'timeout',
  RateLimitError: 'rate_limited',
  NotFoundError: 'model_unknown',
};

// A provider's text may quote what the client wrote, so a text counts only by how it begins.
const badKeyText =
  /^(incorrect api key provided|api key not valid|invalid (x-)?api[- ]key|invalid api token)/i;
/** LiteLLM loses OpenAI's code. Gemini's text about its rate limits begins alike and leads elsewhere. */
const emptyAccountText =
  /^(your credit balance is too low|you exceeded your current quota, please check your plan and billing details\.?( for more information on this error, read the docs: https:\/\/platform\.openai\.com\S*)?$)/i;
const unknownModelText =
  /^(\S{1,200} is not a valid model id\b|the model [`'"]?\S{1,200}? does not exist|(\/[\w/]{1,64}: ?)?invalid model name passed in model=|llm provider not provided|models\/\S{1,200} is not found)/i;
const contextText =
  /^.{0,200}\b(context length|maximum context|too many tokens|input token count|prompt is too long)\b/i;
const tooLongNames = new Set(['context_length_exceeded', 'token_limit_exceeded']);

function hasName(error: ErrorFields, names: ReadonlySet<string>): boolean {
  return [error.code, error.type, ...error.reasons].some((name) => name !== null && names.has(name));
}

function isClientStatus(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500;
}

function reasonOfStatus(status: number | null, provider: string | null): FailureReason {
  if (status === 498) return provider === 'cohere' ? 'credential_refused' : 'provider_error';
  switch (status) {
    case null:
      return 'error_event';
    case 401:
    case 403:
      return 'credential_refused';
    case 402:
      return 'payment_required';
    case 404:
      return 'model_unknown';
    case 408:
    case 504:
    case 524:
      return 'timeout';
    case 409:
      return 'conflict';
    case 429:
      return 'rate_limited';
    // Groq, Cohere: the request was cancelled on their side.
    case 499:
    case 424:
    case 425:
      return 'provider_error';
    default:
      if (status >= 500) return 'provider_error';
      return status >= 400 ? 'client_error' : 'invalid_answer';
  }
}

/** 400 and 403 say little: what else is known decides whose fault it is. null: nothing else is. */
function reasonOfNames(answer: ErrorAnswer, error: ErrorFields): FailureReason | null {
  const { status, provider } = answer;
  const message = error.message ?? '';
  // Together answers 403 to what is too long (its documentation); elsewhere a 403 is about the key.
  if (status === 403 && provider?.startsWith('together') && contextText.test(message)) return 'client_error';
  if (status === 403 && error.isModeration) return 'client_error';
  if (isClientStatus(status) && hasName(error, clientNames)) return 'client_error';
  if (hasName(error, emptyAccountNames) || emptyAccountText.test(message)) return 'payment_required';
  if (!isClientStatus(status)) return null;
  if (hasName(error, badKeyNames) || badKeyText.test(message)) return 'credential_refused';
  if (hasName(error, forbiddenNames)) return 'credential_refused';
  if (hasName(error, unknownModelNames) || unknownModelText.test(message)) return 'model_unknown';
  return status === 400 && error.isRetryable ? 'provider_error' : null;
}

/**
 * Whose fault an error is, and so whether somebody else is worth trying: the table "During a call" of the design. A 429 of a
 * quota is the account's, a 400 of a bad key the credential's; the client's are context length, content policy and bad parameters.
 */
export function classifyAnswer(answer: ErrorAnswer): FailureClass {
  const ownMark = ownMarkOf(answer);
  if (ownMark !== null) return { reason: 'litellm_error', ownMark, isTooLong: false };
  const error = innermostErrorFields(answer.error);
  const named = reasonOfNames(answer, error);
  // LiteLLM's class of a provider's error: more exact than the status that it then gives.
  const { litellmClass } = error;
  const isWrapped =
    answer.via === 'litellm' && litellmClass !== null && Object.hasOwn(litellmClasses, litellmClass);
  const classed = isWrapped ? litellmClasses[litellmClass] : undefined;
  const reason = named ?? classed ?? reasonOfStatus(answer.status, answer.provider);
  return { reason, ownMark: null, isTooLong: reason === 'client_error' && isAboutLength(error) };
}

function isAboutLength(error: ErrorFields): boolean {
  return (
    error.litellmClass === 'ContextWindowExceededError' ||
    hasName(error, tooLongNames) ||
    contextText.test(error.message ?? '')
  );
}
