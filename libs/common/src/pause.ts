import { setTimeout as delay } from 'node:timers/promises';

/** Ends early, without an error, when the signal comes. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
