import { EgressError, type EgressReason, guardedFetch } from '@signalbox/egress';
import { classifyAnswer, parseJson, type ProviderAnswer } from './classify-answer';
import type { KeyHeader, ProbeRequest, ProbeSpec } from './probe-spec';
import type { ProbeOutcome, ProbeResult, ProbeTarget } from './provider-driver';

export const probeTimeoutMs = 8_000;
/** Lists of models: OpenRouter's is the longest known, below 2 MiB. */
const maxResponseBytes = 4 * 1024 * 1024;
/** What is worth asking again at once. A timeout is not: the caller has waited long enough. */
const retried: ReadonlySet<EgressReason> = new Set(['connect', 'broken', 'unresolved']);
/** Somebody answered, but not a provider. */
const oddAnswers: ReadonlySet<EgressReason> = new Set(['redirect', 'bad_answer', 'too_large']);

/** Asks with the key, and where the server may be one without keys, without it too. Never throws. */
export async function httpProbe(
  spec: ProbeSpec,
  baseUrl: string,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  if (!/^[\x21-\x7e]+$/.test(target.secret)) {
    return unanswered('unknown', 'key_not_sendable', 'The key has characters that no header can carry.');
  }
  try {
    const request = spec.request(baseUrl);
    const answer = await ask(request, target, target.secret, signal);
    const result = classifyAnswer(spec, answer, target.secret);
    if (result.outcome !== 'valid' || !spec.mayBeOpen) return result;
    return { ...result, ...(await openness(spec, request, target, signal)) };
  } catch (error) {
    return resultOfFailure(error);
  }
}

/** A server that says the same to nobody in particular has not looked at the key. */
async function openness(
  spec: ProbeSpec,
  request: ProbeRequest,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Partial<ProbeResult>> {
  try {
    const { status, text } = await ask(request, target, null, signal);
    if (status === 401 || status === 403) return {};
    if (status < 200 || status >= 300 || !spec.isGood(parseJson(text))) return { certainty: 'probable' };
    return { certainty: 'none', detail: 'The server answers without a key too: it checks none.' };
  } catch {
    return { certainty: 'probable' };
  }
}

async function ask(
  request: ProbeRequest,
  target: ProbeTarget,
  key: string | null,
  signal: AbortSignal,
): Promise<ProviderAnswer> {
  try {
    return await send(request, target, key, signal);
  } catch (error) {
    if (!(error instanceof EgressError && retried.has(error.reason)) || signal.aborted) throw error;
    return send(request, target, key, signal);
  }
}

async function send(
  { method, url, keyHeader, headers }: ProbeRequest,
  target: ProbeTarget,
  key: string | null,
  signal: AbortSignal,
): Promise<ProviderAnswer> {
  const init = {
    method,
    headers: { accept: 'application/json', ...headers, ...(key === null ? {} : headerOf(keyHeader, key)) },
    signal,
    timeoutMs: probeTimeoutMs,
    maxResponseBytes,
  };
  const response = await guardedFetch(url, init, { allowedHosts: allowedHosts(url, target) });
  return {
    status: response.status,
    text: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

/** An address that the operator gave is allowed because the operator gave it, wherever it leads. */
export function allowedHosts(
  url: string,
  { isTrustedUrl, allowedHosts: allowed = [] }: Pick<ProbeTarget, 'isTrustedUrl' | 'allowedHosts'>,
): string[] {
  return isTrustedUrl ? [new URL(url).hostname, ...allowed] : [...allowed];
}

function headerOf(keyHeader: KeyHeader, key: string): Record<string, string> {
  return keyHeader === 'bearer' ? { authorization: `Bearer ${key}` } : { [keyHeader]: key };
}

export function resultOfFailure(error: unknown): ProbeResult {
  if (!(error instanceof EgressError)) {
    return unanswered('unknown', 'probe_failed', 'The request could not be made.');
  }
  const outcome = oddAnswers.has(error.reason) ? 'unknown' : 'unreachable';
  return unanswered(outcome, error.code ?? error.reason, error.message);
}

function unanswered(outcome: ProbeOutcome, code: string, detail: string): ProbeResult {
  return {
    outcome,
    httpStatus: null,
    code,
    detail,
    retryAfterMs: null,
    expiresAt: null,
    certainty: 'sure',
  };
}
