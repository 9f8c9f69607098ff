import { randomUUID } from 'node:crypto';
import * as openai from './provider-answers';
import type { JsonRecord, ProviderAnswer } from './provider-answers';

/** OpenRouter's words: the dialects of OpenAI and Anthropic with its own additions, and errors in a form of its own. */

const costPerToken = 0.000_000_2;
const providerName = 'Stand-In';

/** A comment that keeps the connection alive while the model thinks. */
export const processingComment = ': OPENROUTER PROCESSING\n\n';

const errorTypes: Record<number, string> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'payment_required',
  403: 'permission_denied',
  404: 'not_found',
  429: 'rate_limit_exceeded',
  500: 'server',
  502: 'provider_unavailable',
  503: 'provider_overloaded',
};

export interface OpenrouterError {
  code: number;
  message?: string;
  /** Where the model has no endpoint: may the caller try again? */
  availability?: { code: string; retryable: boolean; retry_after?: number };
}

export function errorBody({ code, message, availability }: OpenrouterError): JsonRecord {
  const errorType = errorTypes[code] ?? 'unmapped';
  return {
    error: {
      code,
      message: message ?? `OpenRouter's stand-in answers ${code}`,
      metadata: { error_type: errorType, provider_name: providerName },
      ...(availability && { availability }),
    },
    user_id: 'user_stand_in',
  };
}

/** Anthropic's dialect has errors of Anthropic's form. */
export function errorBodyFor(path: string, error: OpenrouterError): JsonRecord {
  if (!path.endsWith('/messages')) return errorBody(error);
  const answer = openai.errorAnswer('anthropic', error.code, error.message ?? `stand-in: ${error.code}`);
  return answer.kind === 'json' ? answer.body : {};
}

function withCost(usage: unknown): JsonRecord {
  const given = usage as JsonRecord;
  const tokens = Number(given['total_tokens'] ?? 0);
  return {
    ...given,
    cost: tokens * costPerToken,
    is_byok: false,
    cost_details: { upstream_inference_cost: null },
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

export function newGenerationId(): string {
  return `gen-${Math.floor(Date.now() / 1_000)}-${randomUUID().slice(0, 20)}`;
}

function plainChat(answer: ProviderAnswer & { kind: 'json' }, id: string): ProviderAnswer {
  const { body } = answer;
  return { ...answer, body: { ...body, id, provider: providerName, usage: withCost(body['usage']) } };
}

function streamedChat(answer: ProviderAnswer & { kind: 'stream' }, id: string): ProviderAnswer {
  const events = answer.events.map((event) => {
    const text = event.slice('data: '.length).trim();
    if (text === '[DONE]') return event;
    const chunk = JSON.parse(text) as JsonRecord;
    const usage = chunk['usage'] ? { usage: withCost(chunk['usage']) } : {};
    return `data: ${JSON.stringify({ ...chunk, id, provider: providerName, ...usage })}\n\n`;
  });
  return { kind: 'stream', events: [processingComment, processingComment, ...events] };
}

/** Usage always comes, whether it was asked for or not. */
export function chatAnswer(body: JsonRecord, id: string): ProviderAnswer {
  const answer = openai.chatAnswer({ ...body, stream_options: { include_usage: true } });
  return answer.kind === 'json' ? plainChat(answer, id) : streamedChat(answer, id);
}

/** The second event of a broken stream, and its last. */
export function midStreamError(body: JsonRecord, id: string, { code, message }: OpenrouterError): string {
  const chunk = {
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1_000),
    model: body['model'],
    provider: providerName,
    error: { code, message: message ?? 'Provider disconnected unexpectedly' },
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** As the very first event of a 200. */
export function firstEventError(error: OpenrouterError): string {
  return `data: ${JSON.stringify({ ...errorBody(error), choices: [] })}\n\n`;
}

/** GET /key */
export function keyAnswer(): JsonRecord {
  return {
    data: {
      label: 'sk-or-v1-sta...nd-in',
      usage: 0,
      limit: null,
      limit_remaining: null,
      is_free_tier: false,
      is_management_key: false,
    },
  };
}
