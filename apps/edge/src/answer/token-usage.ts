import { isRecord } from '@signalbox/common';
import type { TokenUsage } from '@signalbox/gateway';

type JsonRecord = Record<string, unknown>;

function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/**
 * US dollars to billionths of a dollar, exactly: from the shortest decimal text of the number, which is the text that was sent as
 * long as it had at most 15 digits. What is finer than a billionth is rounded half up.
 */
export function nanoUsd(dollars: unknown): number | null {
  if (typeof dollars !== 'number' || !Number.isFinite(dollars) || dollars < 0) return null;
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(dollars));
  if (!match) return null;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const shift = 9 - fraction.length + Number(exponent);
  const divisor = 10n ** BigInt(Math.max(-shift, 0));
  const nano = (digits * 10n ** BigInt(Math.max(shift, 0)) + divisor / 2n) / divisor;
  return nano <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(nano) : null;
}

/** Chat completions, completions, embeddings: cached tokens are part of prompt_tokens. */
function readChatUsage(usage: JsonRecord): Omit<TokenUsage, 'provider_cost_nano_usd'> {
  const promptDetails = record(usage['prompt_tokens_details']);
  const cacheWrite = usage['cache_creation_input_tokens'] ?? promptDetails['cache_write_tokens'];
  return {
    prompt_tokens: count(usage['prompt_tokens']),
    completion_tokens: count(usage['completion_tokens']),
    cache_read_tokens: count(promptDetails['cached_tokens'] ?? usage['cache_read_input_tokens']),
    cache_write_tokens: count(cacheWrite),
    reasoning_tokens: count(record(usage['completion_tokens_details'])['reasoning_tokens']),
  };
}

/** Responses, images, transcriptions. */
function readResponsesUsage(usage: JsonRecord): Omit<TokenUsage, 'provider_cost_nano_usd'> {
  return {
    prompt_tokens: count(usage['input_tokens']),
    completion_tokens: count(usage['output_tokens']),
    cache_read_tokens: count(record(usage['input_tokens_details'])['cached_tokens']),
    cache_write_tokens: 0,
    reasoning_tokens: count(record(usage['output_tokens_details'])['reasoning_tokens']),
  };
}

/** Anthropic counts cached tokens beside input_tokens, not in them. */
function readMessagesUsage(usage: JsonRecord): Omit<TokenUsage, 'provider_cost_nano_usd'> {
  const cacheRead = count(usage['cache_read_input_tokens']);
  const cacheWrite = count(usage['cache_creation_input_tokens']);
  return {
    prompt_tokens: count(usage['input_tokens']) + cacheRead + cacheWrite,
    completion_tokens: count(usage['output_tokens']),
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    reasoning_tokens: count(record(usage['output_tokens_details'])['thinking_tokens']),
  };
}

function tokensOf(routeName: string, usage: JsonRecord): Omit<TokenUsage, 'provider_cost_nano_usd'> | null {
  if (usage['prompt_tokens'] !== undefined) return readChatUsage(usage);
  if (usage['input_tokens'] === undefined && usage['output_tokens'] === undefined) return null;
  return routeName === 'messages' ? readMessagesUsage(usage) : readResponsesUsage(usage);
}

/** @param saysCost the upstream's `cost` is what it charges (OpenRouter), not an estimate */
export function readUsage(routeName: string, usage: unknown, saysCost: boolean): TokenUsage | null {
  if (!isRecord(usage)) return null;
  const tokens = tokensOf(routeName, usage);
  return tokens && { ...tokens, provider_cost_nano_usd: saysCost ? nanoUsd(usage['cost']) : null };
}

/** Of an answer in one piece. Cohere's form (rerank) has it in `meta.tokens`. */
export function readBodyUsage(routeName: string, body: JsonRecord, saysCost: boolean): TokenUsage | null {
  return readUsage(routeName, body['usage'] ?? record(body['meta'])['tokens'], saysCost);
}
