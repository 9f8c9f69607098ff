import { invalidField } from './app-error';

const unitMs: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** LiteLLM's own forms (30s, 30m, 30h, 30d, 4w); "1mo" is left out, as LiteLLM lets it end on the 1st (#15142). */
export const durationPattern = /^([1-9][0-9]{0,6})(s|m|h|d|w)$/;

/** @returns milliseconds */
export function parseDurationMs(text: string, field = 'duration'): number {
  const match = durationPattern.exec(text);
  if (!match) {
    const message = 'must be a whole number with a unit, such as 30s, 15m, 24h, 30d or 4w';
    throw invalidField(field, message);
  }
  return Number(match[1]) * unitMs[match[2]!]!;
}
