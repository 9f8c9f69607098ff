import { redact } from '@signalbox/common';

const textCharsLimit = 4_000;
const entriesLimit = 64;
const depthLimit = 6;

/** Providers like to quote the key that they refuse. Every text of an error is redacted, and what is too much is left out. */
export function redactError(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value.slice(0, textCharsLimit));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthLimit) return null;
  if (Array.isArray(value)) return value.slice(0, entriesLimit).map((one) => redactError(one, depth + 1));
  const entries = Object.entries(value).slice(0, entriesLimit);
  return Object.fromEntries(entries.map(([name, one]) => [redact(name), redactError(one, depth + 1)]));
}
