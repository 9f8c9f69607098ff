import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { type ContextClaims, signContext } from '@signalbox/gateway';
import type { NamedKey } from '@signalbox/common';
import type { Caller } from '../keys/key-directory';
import type { Choice } from './candidates.step';

/**
 * Headers to and from LiteLLM, by lists of what passes. LiteLLM obeys many request headers (x-litellm-tags, -timeout,
 * -num-retries, x-litellm-api-key ...), and forwards or stores others, so what is not needed is left behind: the client's
 * Authorization and x-api-key, cookies, X-OpenWebUI-*, x-stainless-*, openai-organization, forwarded addresses.
 */
const passedToLitellm = ['user-agent', 'anthropic-version', 'anthropic-beta'] as const;

/**
 * From LiteLLM: no addresses of providers (x-litellm-model-api-base), nothing of the mirrored key (x-litellm-key-*: its spend is
 * not the truth), and no llm_provider-*: they show the platform's own account and limits at the provider.
 */
const passedToClient = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'cache-control',
  'retry-after',
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
]);

/** SDKs obey any Retry-After, so a long one would hang the caller: then they are told not to retry at all. */
const longRetrySeconds = 30;

export interface LitellmCall {
  requestId: string;
  method: 'GET' | 'POST';
  path: string;
  model: string | null;
  caller: Caller;
  choice: Choice;
}

export function litellmHeaders(
  { requestId, method, path, model, caller, choice }: LitellmCall,
  clientHeaders: IncomingHttpHeaders,
  contentType: string | null,
  signingKeys: readonly NamedKey[],
  nowMs: number,
): Record<string, string> {
  const { key } = caller;
  const claims: ContextClaims = {
    rid: requestId,
    m: method,
    p: path,
    kh: caller.keyHash,
    key: key.key_id,
    ws: key.workspace_id,
    org: key.organization_id,
    mdl: model,
    ...choice,
  };
  const headers: Record<string, string> = {
    'x-signalbox-context': signContext(signingKeys, claims, nowMs),
    // LiteLLM keeps it as its own call id, in answers, hooks and logs.
    'x-litellm-call-id': requestId,
    'x-request-id': requestId,
    // Compressed answers could not be watched for their end.
    'accept-encoding': 'identity',
  };
  if (contentType) headers['content-type'] = contentType;
  for (const name of passedToLitellm) {
    const value = clientHeaders[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

/** The provider's own Retry-After arrives only as llm_provider-retry-after. */
function retryAfterOf(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['retry-after'] ?? headers['llm_provider-retry-after'];
  return typeof value === 'string' && /^[\w ,:.+-]{1,64}$/.test(value) ? value : undefined;
}

export function clientHeaders(status: number, headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (passedToClient.has(name)) passed[name] = value;
  const retryAfter = status === 429 || status === 503 ? retryAfterOf(headers) : undefined;
  if (retryAfter !== undefined) passed['retry-after'] = retryAfter;
  if (Number(retryAfter) > longRetrySeconds) passed['x-should-retry'] = 'false';
  passed['x-signalbox-route'] = 'litellm';
  return passed;
}
