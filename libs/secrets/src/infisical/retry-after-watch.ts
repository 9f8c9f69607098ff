import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Node's own fetch is undici, which publishes each answer's head here (nodejs/undici docs, DiagnosticsChannel). */
const channel = 'undici:request:headers';
const defaultWaitMs = 1_000;

interface PublishedHead {
  request?: { origin?: unknown };
  response?: { statusCode?: unknown; headers?: unknown };
}

/**
 * The SDK tries again after a 429 without heeding Retry-After, and shows no headers (5.0.2): so the heads of Infisical's
 * answers are watched.
 * @returns ends it
 */
export function watchRetryAfter(
  siteUrl: string,
  nowMs: () => number,
  onWait: (waitMs: number) => void,
): () => void {
  const { origin } = new URL(siteUrl);
  const listen = (message: unknown): void => {
    const { request, response } = message as PublishedHead;
    if (response?.statusCode !== 429 || String(request?.origin) !== origin) return;
    onWait(retryAfterMs(headerOf(response.headers, 'retry-after'), nowMs()));
  };
  subscribe(channel, listen);
  return () => void unsubscribe(channel, listen);
}

/** Names and values in turn, as they came over the wire. */
function headerOf(headers: unknown, name: string): string | null {
  if (!Array.isArray(headers)) return null;
  const texts = headers.map(String);
  const at = texts.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? null : (texts[at + 1] ?? null);
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return defaultWaitMs;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? defaultWaitMs : Math.max(0, atMs - nowMs);
}
