import { isRecord } from '@signalbox/common';

/** Reads of answers whose shape nobody guarantees. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isRecord(current)) return undefined;
    current = Object.hasOwn(current, name) ? current[name] : undefined;
  }
  return current;
}

/** `{<name>: [...]}` */
export function hasList(body: unknown, name: string): boolean {
  return Array.isArray(field(body, name));
}

/** ISO text or unix seconds. */
export function dateOf(value: unknown): Date | null {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? new Date(ms) : null;
}

const codePattern = /^[A-Za-z0-9_.-]{1,64}$/;

function firstReason(details: unknown): unknown {
  if (!Array.isArray(details)) return undefined;
  return details
    .map((detail: unknown) => field(detail, 'reason'))
    .find((reason) => typeof reason === 'string');
}

/** The provider's own word: OpenAI's error.code, Google's reason, Anthropic's error.type, FastAPI-like code. */
export function errorCodeOf(body: unknown): string | null {
  const candidates = [
    field(body, 'error', 'code'),
    firstReason(field(body, 'error', 'details')),
    field(body, 'error', 'status'),
    field(body, 'error', 'type'),
    field(body, 'error', 'metadata', 'error_type'),
    field(body, 'code'),
    field(body, 'type'),
  ];
  const found = candidates.find((value) => typeof value === 'string' && codePattern.test(value));
  return typeof found === 'string' ? found : null;
}

export function errorMessageOf(body: unknown): string | null {
  const candidates = [
    field(body, 'error', 'message'),
    field(body, 'message'),
    field(body, 'detail'),
    field(body, 'error'),
  ];
  const found = candidates.find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof found === 'string' ? found : null;
}

const longestWaitMs = 24 * 3_600_000;

/** @param header seconds or an HTTP date (RFC 9110, 10.2.3) */
export function retryAfterMsOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.round(ms)), longestWaitMs) : null;
}
