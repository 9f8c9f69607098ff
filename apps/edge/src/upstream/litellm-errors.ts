import type { IncomingHttpHeaders } from 'node:http';
import { redact } from '@signalbox/common';
import { type Dialect, errorBody, type GatewayErrorCode } from '@signalbox/gateway';

/** What to make of an error that LiteLLM answered. */
export type LitellmError =
  | { kind: 'pass_on'; body: object }
  /** Not the client's fault and not its business: an error of the gateway's own table stands in for it. */
  | { kind: 'replace'; code: GatewayErrorCode };

interface ErrorFields {
  message: string;
  type: string | null;
  code: string | null;
  param: string | null;
}

const messageCharsLimit = 4_000;
/** With which litellm/signalbox_litellm marks its refusals: auth.py, and refusal.py for the hook. */
const ownMarks = new Map<string | null, GatewayErrorCode>([
  ['signalbox_context_error', 'litellm_refused_context'],
  ['signalbox_credential_unusable', 'credential_unusable'],
  ['signalbox_credential_unavailable', 'credential_unavailable'],
  // Two releases are changing places.
  ['signalbox_deployment_unavailable', 'litellm_unavailable'],
]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  // LiteLLM writes Python's None as text.
  return typeof value === 'string' && value !== '' && value !== 'None' ? value : null;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

/** LiteLLM's forms: `{error: {...}}`, Anthropic's, and FastAPI's `{detail: ...}` around either of them or around a text. */
function readError(value: unknown): ErrorFields {
  const unknown = { message: 'LiteLLM answered with an error.', type: null, code: null, param: null };
  if (!isRecord(value)) return unknown;
  if (isRecord(value['detail'])) return readError(value['detail']);
  if (typeof value['error'] === 'string') return { ...unknown, message: value['error'] };
  if (typeof value['detail'] === 'string') return { ...unknown, message: value['detail'] };
  if (!isRecord(value['error'])) return unknown;
  const { message, type, code, param } = value['error'];
  return {
    message: text(message) ?? unknown.message,
    type: text(type),
    code: text(code),
    param: text(param),
  };
}

/**
 * The error's type; on some routes LiteLLM loses it, so the hook's messages begin with it. A provider's cannot: LiteLLM puts
 * `litellm.` and the name of an exception before them (litellm/README.md).
 */
function markOf({ type, message }: ErrorFields): string | null {
  return /^(signalbox_[a-z_]+): /.exec(message)?.[1] ?? type;
}

/**
 * A 401 of LiteLLM is never about the client's virtual key: the edge has accepted that one already. Its text is left out, for
 * providers like to quote the key that they refuse.
 */
function replacementOf(status: number, fields: ErrorFields): GatewayErrorCode | null {
  return ownMarks.get(markOf(fields)) ?? (status === 401 ? 'provider_credential_refused' : null);
}

/** Brings an error of LiteLLM into the caller's dialect: its own errors come in OpenAI's form on /v1/messages too. */
export function readLitellmError(
  dialect: Dialect,
  status: number,
  headers: IncomingHttpHeaders,
  body: Buffer,
  requestId: string,
): LitellmError {
  const parsed = /\bjson\b/i.test(headers['content-type'] ?? '') ? parse(body) : null;
  const fields = readError(parsed);
  const code = replacementOf(status, fields);
  if (code) return { kind: 'replace', code };
  const message = redact(fields.message.slice(0, messageCharsLimit));
  const error = isRecord(parsed) ? parsed['error'] : null;
  const isInDialect =
    isRecord(parsed) && isRecord(error) && (dialect === 'openai' || parsed['type'] === 'error');
  if (isInDialect) return { kind: 'pass_on', body: { ...parsed, error: { ...error, message } } };
  const shown = { status, message, code: fields.code, param: fields.param, requestId };
  return { kind: 'pass_on', body: errorBody(dialect, shown) };
}
