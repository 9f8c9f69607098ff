import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { UpstreamVia } from './call-options';

/**
 * What passes from an upstream to the client. From LiteLLM: no addresses of providers (x-litellm-model-api-base), nothing of the
 * mirrored key (x-litellm-key-*: its spend is not the truth), and no llm_provider-*: they show the platform's own account and
 * limits at the provider. The same goes for the x-ratelimit-* and account headers of OpenRouter and of providers.
 */
const everywhere = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'cache-control',
];
const ofLitellm = [
  'x-litellm-call-id',
  'x-litellm-version',
  'x-litellm-model-id',
  'x-litellm-model-group',
  'x-litellm-model-name',
  'x-litellm-response-cost',
  'x-litellm-response-duration-ms',
  'x-litellm-overhead-duration-ms',
  'x-litellm-attempted-retries',
  'x-litellm-attempted-fallbacks',
];
const plainValue = /^[\t\x20-\x7e]{1,4096}$/;
const ofErrors = ['x-litellm-call-id', 'x-litellm-version'];

function pick(headers: IncomingHttpHeaders, names: readonly string[], into: OutgoingHttpHeaders): void {
  for (const name of names) {
    const value = headers[name];
    // What Node would refuse to send, or another program would read in its own way, stays behind.
    if (typeof value === 'string' && plainValue.test(value)) into[name] = value;
  }
}

export function answerHeaders(via: UpstreamVia, headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  pick(headers, everywhere, passed);
  if (via === 'litellm') pick(headers, ofLitellm, passed);
  const generation = via === 'openrouter' ? headers['x-generation-id'] : undefined;
  if (typeof generation === 'string' && plainValue.test(generation))
    passed['x-openrouter-generation-id'] = generation;
  return passed;
}

/** Both names of the id: OpenAI's SDKs read x-request-id, Anthropic's request-id. */
export function requestIdHeaders(requestId: string): OutgoingHttpHeaders {
  return { 'x-request-id': requestId, 'request-id': requestId };
}

/** SDKs obey any Retry-After, so a long one would hang the caller: then they are told not to retry at all. */
const longRetryMs = 30_000;
const sanestRetryMs = 86_400_000;

function firstText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Seconds or a date; the provider's own arrives from LiteLLM only as llm_provider-*. null: none, or nonsense. */
export function retryAfterMsOf(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const inMs = firstText(headers['retry-after-ms'] ?? headers['llm_provider-retry-after-ms']);
  const plain = firstText(headers['retry-after'] ?? headers['llm_provider-retry-after']);
  const waitMs = ((): number => {
    if (inMs !== undefined && /^\d{1,9}(\.\d{1,6})?$/.test(inMs)) return Number(inMs);
    if (plain === undefined) return Number.NaN;
    return /^\d{1,9}(\.\d{1,6})?$/.test(plain) ? Number(plain) * 1_000 : Date.parse(plain) - nowMs;
  })();
  return waitMs >= 0 && waitMs <= sanestRetryMs ? Math.ceil(waitMs) : null;
}

/** Of an error that the client is shown. */
export function errorHeaders(
  via: UpstreamVia,
  headers: IncomingHttpHeaders,
  retryAfterMs: number | null,
): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  if (via === 'litellm') pick(headers, ofErrors, passed);
  if (retryAfterMs === null) return passed;
  passed['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  if (retryAfterMs > longRetryMs) passed['x-should-retry'] = 'false';
  return passed;
}
