import type { IncomingHttpHeaders } from 'node:http';
import { type ContextClaims, signContext } from '@signalbox/gateway';
import type { NamedKey } from '@signalbox/common';
import type { Caller } from '../keys/key-directory';

/** What is signed into the context. */
export interface Choice {
  dep: string | null;
  cred: string | null;
  prov: string | null;
}

/** LiteLLM chooses. Its hook then uses no key, so a provider that wants one is not reached by a newer release. */
export const noChoice: Choice = { dep: null, cred: null, prov: null };

/**
 * Headers to LiteLLM, by a list of what passes (what comes back: answer/answer-headers.ts). LiteLLM obeys many request headers
 * (x-litellm-tags, -timeout, -num-retries, x-litellm-api-key ...), and forwards or stores others, so what is not needed is left
 * behind: the client's Authorization and x-api-key, cookies, X-OpenWebUI-*, x-stainless-*, openai-organization, forwarded addresses.
 */
const passedToLitellm = ['user-agent', 'anthropic-version', 'anthropic-beta'] as const;

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
    dep: choice.dep,
    cred: choice.cred,
    prov: choice.prov,
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
