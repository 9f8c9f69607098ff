import { gatewayErrorCodes, type GatewayErrorCode } from './gateway-error-codes';
import type { Dialect } from './llm-routes';

/** The error bodies that OpenAI's and Anthropic's SDKs can read: each shows only its own form to the caller. */
const openaiTypes: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

const anthropicTypes: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** A request with an anthropic-version header wants Anthropic's forms on every route. */
export function dialectOf(routeDialect: Dialect | null, anthropicVersionHeader: unknown): Dialect {
  return anthropicVersionHeader === undefined ? (routeDialect ?? 'openai') : 'anthropic';
}

function errorType(dialect: Dialect, status: number): string {
  if (dialect === 'anthropic')
    return anthropicTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return openaiTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
}

export interface ErrorText {
  status: number;
  message: string;
  code: string | null;
  param: string | null;
  requestId: string;
}

export function errorBody(dialect: Dialect, { status, message, code, param, requestId }: ErrorText): object {
  const type = errorType(dialect, status);
  if (dialect === 'openai') return { error: { message, type, code, param } };
  // `code` is ours: Anthropic's SDK keeps unknown fields, and scripts need one stable name in both dialects.
  return {
    type: 'error',
    error: { type, message, ...(code === null ? {} : { code }) },
    request_id: requestId,
  };
}

export interface GatewayErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: object;
}

export interface GatewayErrorDetails {
  /** In place of the table's text. */
  message?: string;
  /** The field that is wrong. */
  param?: string;
  /** In place of the table's. */
  retryAfterSeconds?: number;
  /** Besides the table's, and in place of those of the same name. */
  headers?: Readonly<Record<string, string>>;
}

export function gatewayErrorAnswer(
  dialect: Dialect,
  code: GatewayErrorCode,
  requestId: string,
  details: GatewayErrorDetails = {},
): GatewayErrorAnswer {
  const { status, message, isFinal, ...entry } = gatewayErrorCodes[code];
  const retryAfterSeconds = details.retryAfterSeconds ?? entry.retryAfterSeconds;
  const text = { status, message: details.message ?? message, code, param: details.param ?? null, requestId };
  const headers: Record<string, string> = { 'x-signalbox-error': code };
  if (isFinal) headers['x-should-retry'] = 'false';
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  return { status, headers: { ...headers, ...details.headers }, body: errorBody(dialect, text) };
}

/**
 * The last event of a stream that broke after its first byte. No SDK notices a stream that merely ends, so this
 * event is what makes a torn answer an error. OpenAI's SDKs read a top-level `error` in `data`; Anthropic's skip events
 * without a name; of `/v1/responses` both SDKs raise only on an `error` object inside an `error` event.
 */
export function streamErrorEvent(
  routeName: string,
  dialect: Dialect,
  requestId: string,
  text: Omit<ErrorText, 'requestId'> = interrupted,
): string {
  const body = errorBody(dialect, { ...text, requestId });
  const isNamed = dialect === 'anthropic' || routeName === 'responses';
  // The empty line in front ends whatever event was cut in the middle, so that this one stands alone.
  return `\n\n${isNamed ? 'event: error\n' : ''}data: ${JSON.stringify(body)}\n\n`;
}

const interrupted = {
  status: gatewayErrorCodes.stream_interrupted.status,
  message: gatewayErrorCodes.stream_interrupted.message,
  code: 'stream_interrupted',
  param: null,
};

/** Statuses that only few know (524, 529, Groq's 498) would be unknown errors to OpenAI's clients; Anthropic's know 529. */
export function shownStatus(dialect: Dialect, status: number): number {
  if (status === 498 || status === 499) return 503;
  if (status <= 504 || (status === 529 && dialect === 'anthropic')) return status;
  return 503;
}
