import { isRecord } from '@signalbox/common';

/** What a provider's error says, whatever its form. Texts are as they came: redact them before anybody sees them. */
export interface ErrorFields {
  readonly message: string | null;
  readonly type: string | null;
  readonly code: string | null;
  readonly param: string | null;
  /** Further names of the same error: Google's `status` and `details[].reason`, OpenRouter's `error_type` and `availability.code`. */
  readonly reasons: readonly string[];
  /** OpenRouter's own word (availability.retryable). */
  readonly isRetryable: boolean | null;
  /** OpenRouter: the input was flagged by a moderation. */
  readonly isModeration: boolean;
  /** The class of LiteLLM's exception, without `litellm.`: LiteLLM puts it before the text of a provider. */
  readonly litellmClass: string | null;
}

export const noErrorFields: ErrorFields = {
  message: null,
  type: null,
  code: null,
  param: null,
  reasons: [],
  isRetryable: null,
  isModeration: false,
  litellmClass: null,
};

type JsonRecord = Record<string, unknown>;
const nestingLimit = 3;

function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  // LiteLLM writes Python's None as text.
  return typeof value === 'string' && value !== '' && value !== 'None' ? value : null;
}

function texts(values: readonly unknown[]): string[] {
  return values.map(text).filter((value) => value !== null);
}

function readObject(error: JsonRecord): ErrorFields {
  const metadata = record(error['metadata']);
  const availability = record(error['availability']);
  const details: unknown[] = Array.isArray(error['details']) ? error['details'] : [];
  return {
    ...noErrorFields,
    message: text(error['message']),
    type: text(error['type']),
    code: text(error['code']),
    param: text(error['param']),
    reasons: texts([
      error['status'],
      metadata['error_type'],
      metadata['provider_code'],
      availability['code'],
      ...details.map((detail) => record(detail)['reason']),
    ]),
    isRetryable: typeof availability['retryable'] === 'boolean' ? availability['retryable'] : null,
    isModeration: Array.isArray(metadata['reasons']) || metadata['flagged_input'] !== undefined,
  };
}

/**
 * The forms in use: OpenAI's and Anthropic's `{error: {...}}`, Google's list of one of these, FastAPI's `{detail: ...}` around
 * either or around a text, `{error: "text"}` (xAI, vLLM), and Cohere's and Mistral's `{message, type?, code?}`.
 */
function readForm(value: unknown, depth: number): ErrorFields {
  if (depth > nestingLimit) return noErrorFields;
  if (Array.isArray(value)) return readForm(value[0], depth + 1);
  if (!isRecord(value)) return noErrorFields;
  if (isRecord(value['error'])) return readObject(value['error']);
  if (isRecord(value['detail'])) return readForm(value['detail'], depth + 1);
  const flat = readObject(value);
  const message = text(value['error']) ?? flat.message ?? text(value['detail']);
  // Of an Anthropic event without its `error` the type says nothing.
  return { ...flat, message, type: flat.type === 'error' ? null : flat.type };
}

const litellmHead = /^litellm\.(\w{1,64}): /;
/** `RateLimitError: OpenAIException - TEXT`, `GeminiException BadRequestError - TEXT`, `BedrockException: Rate Limit Error - TEXT`. */
const providerHead = /^(?:\w{1,64}: )?\w{0,64}(?:Exception|Error)\b[\w :]{0,64} - /;

/** Only what is an object from its first sign on: a provider's text may quote what the client wrote. */
function parseObject(message: string): unknown {
  const start = /^(?:b['"])?\s*(?=[{[])/.exec(message)?.[0].length;
  if (start === undefined) return null;
  const end = Math.max(message.lastIndexOf('}'), message.lastIndexOf(']'));
  try {
    return JSON.parse(message.slice(start, end + 1));
  } catch {
    return null;
  }
}

/** LiteLLM wraps what a provider said into a text of its own. What is inside is read where it can be. */
function unwrapLitellm(fields: ErrorFields): ErrorFields {
  const head = litellmHead.exec(fields.message ?? '');
  if (!head || fields.message === null) return fields;
  const inner = fields.message
    .slice(head[0].length)
    .replace(providerHead, '')
    .replace(/\. Received Model Group=[\s\S]*$/, '');
  const said = readForm(parseObject(inner), 0);
  return {
    ...fields,
    litellmClass: head[1] ?? null,
    code: said.code ?? fields.code,
    type: said.type ?? fields.type,
    message: said.message ?? inner,
    reasons: said.reasons,
    isRetryable: said.isRetryable,
    isModeration: said.isModeration,
  };
}

/** As it is to be shown: LiteLLM's wrapping is kept. */
export function readErrorFields(body: unknown): ErrorFields {
  return readForm(body, 0);
}

/** As it is to be judged: what the provider said, without LiteLLM's wrapping. */
export function innermostErrorFields(fields: ErrorFields): ErrorFields {
  return unwrapLitellm(fields);
}

/** For an error inside a 200, whose status is not in the head of the answer. */
const statusesByName: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_prompt: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  billing_error: 402,
  insufficient_quota: 429,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  throttling_error: 429,
  api_error: 500,
  server_error: 500,
  internal_server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

export function statusOfError({ code, type, reasons }: ErrorFields): number | null {
  const number = Number(code);
  if (Number.isInteger(number) && number >= 400 && number <= 599) return number;
  for (const name of [code, type, ...reasons]) {
    const known = name !== null && Object.hasOwn(statusesByName, name) ? statusesByName[name] : undefined;
    if (known !== undefined) return known;
  }
  return null;
}
