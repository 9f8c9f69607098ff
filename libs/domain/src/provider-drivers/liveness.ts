import { guardedFetch } from '@signalbox/egress';
import { providerKind } from '@signalbox/gateway';
import { allowedHosts, probeTimeoutMs, resultOfFailure } from './http-probe';
import type { ProbeOutcome, ProbeResult, ProbeTarget } from './provider-driver';
import { cannotBeChecked } from './unchecked.driver';

export type LivenessTarget = Omit<ProbeTarget, 'secret' | 'purpose'>;

const maxResponseBytes = 4 * 1024 * 1024;

/** Where a kind of server says that it is there, without a key. null: nowhere. */
export function livenessUrl(kind: string, baseUrl: string | null): string | null {
  const entry = providerKind(kind);
  const base = (baseUrl ?? entry?.defaultBaseUrl)?.replace(/\/+$/, '');
  if (!entry?.probe.liveness || base === undefined || !URL.canParse(base)) return null;
  return entry.probe.liveness.urlOf(base);
}

/** Asks a server whether it is there, with nobody's key. Never throws. */
export async function askLiveness(
  kind: string,
  target: LivenessTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const url = livenessUrl(kind, target.baseUrl);
  if (url === null) return cannotBeChecked('Without a key there is nothing to ask at this kind of provider.');
  try {
    const init = { method: 'GET', signal, timeoutMs: probeTimeoutMs, maxResponseBytes } as const;
    const response = await guardedFetch(url, init, { allowedHosts: allowedHosts(url, target) });
    await response.text();
    return resultOf(response.status);
  } catch (error) {
    return resultOfFailure(error);
  }
}

function resultOf(status: number): ProbeResult {
  const [outcome, detail] = verdictOf(status);
  return {
    outcome,
    httpStatus: status,
    code: null,
    detail,
    retryAfterMs: null,
    expiresAt: null,
    certainty: 'none',
  };
}

function verdictOf(status: number): [ProbeOutcome, string] {
  if (status >= 500 || status === 408) return ['provider_down', `The server is not well (HTTP ${status}).`];
  if (status === 429) return ['rate_limited', 'The server takes no more requests for the moment (HTTP 429).'];
  // Whoever asks for a key is there.
  if ((status >= 200 && status < 300) || status === 401 || status === 403)
    return ['valid', 'The server answers. No key was tried.'];
  return ['unknown', `The server has no such route (HTTP ${status}): the base URL is most likely wrong.`];
}
