import { secondRefusalAfterMs } from './check-answer';
import type { CheckSignal } from './credential-transitions';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Checks of many keys that were saved together spread out. */
const spread = 0.2;

export interface CheckHistory {
  /** Answers in a row that were unclear, or refusals in a row. */
  readonly failures: number;
  readonly retryAfterMs: number | null;
  readonly refusedAt: Date | null;
}

/** When to ask again. @param random from 0 to 1 */
export function nextCheckAt(
  signal: CheckSignal,
  history: CheckHistory,
  now: Date,
  random: number,
): Date | null {
  if (signal === 'expired') return null;
  if (signal === 'refused_once') {
    const firstMs = (history.refusedAt ?? now).getTime();
    return new Date(firstMs + secondRefusalAfterMs * (1 + spread * random));
  }
  const spreadMs = delayMs(signal, history) * (1 - spread + 2 * spread * random);
  // Sooner than the provider asked for is never right.
  return new Date(now.getTime() + Math.round(Math.max(spreadMs, history.retryAfterMs ?? 0)));
}

function delayMs(signal: CheckSignal, { failures }: CheckHistory): number {
  switch (signal) {
    case 'accepted':
    case 'unchecked':
      return dayMs;
    case 'forbidden':
      return hourMs;
    case 'out_of_credit':
    case 'secret_unreadable':
      return 15 * minuteMs;
    // A new key takes seconds at OpenAI, and minutes at Google, to be known everywhere: the first look back comes soon.
    case 'refused':
      return doubled(minuteMs, failures, dayMs);
    default:
      return doubled(minuteMs, failures, hourMs);
  }
}

/** The first failure waits `firstMs`. */
function doubled(firstMs: number, failures: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 20));
}
