import type { IncomingHttpHeaders } from 'node:http';
import { isRecord, redact } from '@signalbox/common';
import {
  classifyAnswer,
  type Dialect,
  errorBody,
  type ErrorFields,
  type ErrorText,
  type FailureReason,
  type GatewayErrorCode,
  gatewayErrorAnswer,
  gatewayErrorCodes,
  shownStatus,
  statusOfError,
} from '@signalbox/gateway';
import { errorHeaders, retryAfterMsOf } from './answer-headers';
import type { AttemptFailure } from './answer-start';
import { redactError } from './redact-error';
import type { UpstreamCallOptions } from './call-options';

type Phase = AttemptFailure['phase'];

/** With which the hook and the auth inside LiteLLM mark what they refuse (classifyAnswer). */
const codesOfMarks: Readonly<Record<string, GatewayErrorCode>> = {
  signalbox_context_error: 'litellm_refused_context',
  signalbox_credential_unusable: 'credential_unusable',
  signalbox_credential_unavailable: 'credential_unavailable',
  // Two releases are changing places.
  signalbox_deployment_unavailable: 'litellm_unavailable',
  no_db_connection: 'litellm_unavailable',
};

type Shown = NonNullable<AttemptFailure['shown']>;

function ownError({ dialect, requestId }: UpstreamCallOptions, code: GatewayErrorCode): Shown {
  return gatewayErrorAnswer(dialect, code, requestId);
}

function failureWithoutAnswer(
  options: UpstreamCallOptions,
  reason: FailureReason,
  phase: Phase,
  code: GatewayErrorCode,
  detail: string,
): AttemptFailure {
  return {
    reason,
    phase,
    status: null,
    retryAfterMs: null,
    shown: ownError(options, code),
    ownMark: null,
    detail: `${options.via}: ${redact(detail.slice(0, 300))}`,
  };
}

/** The connection was not made, or broke, before the answer was good. */
export function brokenConnection(options: UpstreamCallOptions, phase: Phase, error: Error): AttemptFailure {
  const { code } = error as Error & { code?: unknown };
  // undici gives some of its parser's errors no code.
  const name = typeof code === 'string' ? code : error.name;
  const detail = `${phase}: ${name} ${error.message}`;
  // Bytes came that are not HTTP, or not as many as were announced.
  if (/^(HPE_|HTTPParserError|UND_ERR_(HEADERS_OVERFLOW|RES_))/.test(name))
    return invalidAnswer(options, detail);
  if (options.via === 'litellm') {
    const shown = phase === 'not_sent' ? 'litellm_unavailable' : 'litellm_no_answer';
    return failureWithoutAnswer(options, 'litellm_down', phase, shown, detail);
  }
  if (phase === 'answered') return invalidAnswer(options, detail);
  const reason = phase === 'not_sent' ? 'connect_error' : 'no_answer';
  return failureWithoutAnswer(options, reason, phase, 'all_providers_unavailable', detail);
}

export function tooSlow(options: UpstreamCallOptions, phase: Phase, detail: string): AttemptFailure {
  const code = options.via === 'litellm' ? 'litellm_timeout' : 'provider_timeout';
  return failureWithoutAnswer(options, 'first_byte_timeout', phase, code, detail);
}

/** A 200 that is no answer: HTML, torn JSON, an empty stream ... */
export function invalidAnswer(options: UpstreamCallOptions, detail: string): AttemptFailure {
  return failureWithoutAnswer(options, 'invalid_answer', 'answered', 'provider_answer_invalid', detail);
}

const plainName = /^[\w.-]{1,64}$/;

function detailOf({ via }: UpstreamCallOptions, status: number | null, { type, code }: ErrorFields): string {
  const names = [type, code].filter((name) => name !== null && plainName.test(name));
  return redact(`${via} answered ${[status ?? 'an error', ...names].join(' ')}`);
}

/** OpenAI's clients want to see all of what was wrong with their request; of other errors the text is enough. */
function fullBody(dialect: Dialect, body: unknown): object | null {
  if (!isRecord(body) || !isRecord(body['error']) || typeof body['error']['message'] !== 'string')
    return null;
  if (dialect === 'anthropic' && body['type'] !== 'error') return null;
  const error = redactError(body['error']);
  return dialect === 'openai' ? { error } : { type: 'error', error };
}

function redactedTexts({ message, code, param }: ErrorFields): {
  message: string;
  code: string | null;
  param: string | null;
} {
  return {
    message: redact((message ?? 'The provider answered with an error.').slice(0, 4_000)),
    code: code && redact(code.slice(0, 256)),
    param: param && redact(param.slice(0, 256)),
  };
}

function shownError(
  options: UpstreamCallOptions,
  {
    status,
    error,
    body,
    headers,
    reason,
  }: {
    status: number;
    error: ErrorFields;
    body: unknown;
    headers: Shown['headers'];
    reason: FailureReason;
  },
): Shown {
  const { dialect, requestId } = options;
  const full = reason === 'client_error' ? fullBody(dialect, body) : null;
  const shown = shownStatus(dialect, status);
  return {
    status: shown,
    headers: reason === 'client_error' ? { ...headers, 'x-should-retry': 'false' } : headers,
    body: full ?? errorBody(dialect, { ...redactedTexts(error), status: shown, requestId }),
  };
}

export interface AnsweredError {
  /** Of the head. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly error: ErrorFields;
  /** null: there is none that could be shown. */
  readonly body: unknown;
  /** As the first event of a stream. */
  readonly isEvent: boolean;
}

/** An error in so many words: a status, an error inside a 200, or an error as the first event of a stream. */
export function answeredError(options: UpstreamCallOptions, answer: AnsweredError): AttemptFailure {
  const { headers, error, body } = answer;
  const status = answer.status >= 400 ? answer.status : statusOfError(error);
  const classed = classifyAnswer({ via: options.via, provider: options.provider, status, error });
  // "provider_error" would say less.
  const reason = answer.isEvent && classed.reason === 'provider_error' ? 'error_event' : classed.reason;
  const retryAfterMs = reason === 'client_error' ? null : retryAfterMsOf(headers, options.clock.nowMs());
  const code = ownCodeOf(reason, classed.ownMark);
  const passed = errorHeaders(options.via, headers, retryAfterMs);
  const shown = code
    ? ownError(options, code)
    : shownError(options, { status: status ?? 502, error, body, headers: passed, reason });
  return {
    reason,
    phase: 'answered',
    status,
    retryAfterMs,
    shown,
    ownMark: classed.ownMark,
    isTooLong: classed.isTooLong,
    detail: detailOf(options, status, error),
  };
}

/** An error in the middle of a stream: why, and what the client is told of it. */
export function streamError(
  options: UpstreamCallOptions,
  error: ErrorFields,
): { reason: FailureReason; text: Omit<ErrorText, 'requestId'> } {
  const said = statusOfError(error);
  const { via, provider } = options;
  const { reason, ownMark } = classifyAnswer({ via, provider, status: said, error });
  const own = ownCodeOf(reason, ownMark);
  if (own) return { reason, text: { ...gatewayErrorCodes[own], code: own, param: null } };
  const { code, param, message } = redactedTexts(error);
  return { reason, text: { status: shownStatus(options.dialect, said ?? 502), message, code, param } };
}

/**
 * A refusal of the provider's key is never about the client's virtual key: the edge has accepted that one already. Its text is
 * left out, for providers like to quote the key that they refuse.
 */
function ownCodeOf(reason: FailureReason, ownMark: string | null): GatewayErrorCode | null {
  if (ownMark !== null) return codesOfMarks[ownMark] ?? 'litellm_refused_context';
  return reason === 'credential_refused' ? 'provider_credential_refused' : null;
}
