import type { FailureReason } from './attempt-failure';
import type { GatewayErrorCode } from './gateway-error-codes';
import type { UsageAttempt } from './usage-event';

export type AnswerRoute = UsageAttempt['route'];

/** An attempt that came to nothing, as far as the next step depends on it. */
export interface FailedAttempt {
  readonly route: AnswerRoute;
  readonly reason: FailureReason;
  readonly phase: 'not_sent' | 'no_answer' | 'answered';
  readonly retryAfterMs: number | null;
  /** Whether it came with an error that the client may be shown. */
  readonly hasShown: boolean;
  /** false: of a cascade. What a stand-in finds wrong with the request need not be wrong with it. */
  readonly isAskedModel: boolean;
}

/** LiteLLM itself gave no answer. A timeout is not among them: behind a LiteLLM that waits there is a provider that does. */
const litellmReasons: ReadonlySet<FailureReason> = new Set([
  'litellm_down',
  'litellm_error',
  'connect_error',
  'no_answer',
]);

/** Not the provider's trouble but LiteLLM's: the same model is reached around it. */
export function isLitellmTrouble({ route, reason }: Pick<FailedAttempt, 'route' | 'reason'>): boolean {
  return route === 'litellm' && litellmReasons.has(reason);
}

/** The request itself is wrong in the eyes of the model that it was for. Nobody else is tried. */
export function isClientError({
  reason,
  isAskedModel,
}: Pick<FailedAttempt, 'reason' | 'isAskedModel'>): boolean {
  return reason === 'client_error' && isAskedModel;
}

/** What makes a provider worse than others. What a key, a request or a catalogue has wrong says nothing about it. */
const faults: ReadonlySet<FailureReason> = new Set([
  'connect_error',
  'no_answer',
  'first_byte_timeout',
  'timeout',
  'conflict',
  'provider_error',
  'invalid_answer',
  'error_event',
]);

export function isFaultOfProvider(failed: Pick<FailedAttempt, 'route' | 'reason'>): boolean {
  return faults.has(failed.reason) && !isLitellmTrouble(failed);
}

/** Another key may be better off. */
export function isOfCredential(reason: FailureReason): boolean {
  return reason === 'credential_refused' || reason === 'payment_required' || reason === 'rate_limited';
}

/** A wrong key or an empty account at OpenRouter is a mistake of the set-up. It must not hide why OpenRouter was asked. */
export function isFallbackMisconfigured({ route, reason }: Pick<FailedAttempt, 'route' | 'reason'>): boolean {
  return route === 'openrouter' && (reason === 'credential_refused' || reason === 'payment_required');
}

export interface FailedRequest {
  readonly failures: readonly FailedAttempt[];
  /** Candidates that were left out because their breaker is open. */
  readonly skipped: number;
  /** The shortest time after which one of them may be tried again. */
  readonly skippedRetryAfterMs: number | null;
  /** The time of the request is over. */
  readonly isTimeOver: boolean;
  /** Whether this kind of call can go around LiteLLM at all. */
  readonly isRouteServedAround: boolean;
}

/** What the client is told when nobody answered. */
export type FinalError =
  /** The error that came with `failures[index]`. */
  | { kind: 'shown'; index: number; isFinal: boolean }
  | { kind: 'code'; code: GatewayErrorCode; retryAfterMs: number | null; isFinal: boolean };

const ownCodes: Partial<Record<FailureReason, GatewayErrorCode>> = {
  first_byte_timeout: 'provider_timeout',
  invalid_answer: 'provider_answer_invalid',
};

function smallest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function code(
  name: GatewayErrorCode,
  isFinal: boolean,
  retryAfterMs: number | null = null,
): Extract<FinalError, { kind: 'code' }> {
  return { kind: 'code', code: name, retryAfterMs, isFinal };
}

/** Nobody but LiteLLM was asked: a repetition is harmless and may find it back. */
function ofLitellm({ failures, isRouteServedAround }: FailedRequest): FinalError {
  const index = failures.findIndex((failure) => isLitellmTrouble(failure));
  const failure = failures[index];
  if (failure?.hasShown) return { kind: 'shown', index, isFinal: false };
  if (!isRouteServedAround) return code('route_needs_litellm', false);
  return code(failure?.phase === 'no_answer' ? 'litellm_no_answer' : 'litellm_unavailable', false);
}

/**
 * One kind of provider's error is shown as it is; several say nothing together but that nobody could answer. SDKs would repeat
 * what all candidates have refused, so an error of providers is final.
 */
export function finalError(request: FailedRequest): FinalError {
  const { failures, skipped, skippedRetryAfterMs, isTimeOver } = request;
  const clientError = failures.findIndex((failure) => isClientError(failure) && failure.hasShown);
  if (clientError !== -1) return { kind: 'shown', index: clientError, isFinal: true };
  const ofProviders = failures.filter(
    (failure) => !isLitellmTrouble(failure) && !isFallbackMisconfigured(failure),
  );
  const retryAfterMs = smallest([...ofProviders.map((failure) => failure.retryAfterMs), skippedRetryAfterMs]);
  const last = ofProviders.at(-1);
  if (!last) {
    if (failures.some((failure) => isLitellmTrouble(failure))) return ofLitellm(request);
    if (skipped > 0) return code('all_providers_unavailable', false, retryAfterMs);
    return isTimeOver ? code('provider_timeout', true) : code('all_providers_unavailable', true);
  }
  const isOneKind = skipped === 0 && ofProviders.every(({ reason }) => reason === last.reason);
  if (!isOneKind) return code('all_providers_unavailable', true, retryAfterMs);
  const own = ownCodes[last.reason];
  if (own) return code(own, true);
  if (last.hasShown) return { kind: 'shown', index: failures.lastIndexOf(last), isFinal: true };
  return code('all_providers_unavailable', true, retryAfterMs);
}
