import type { CatalogueSyncEntity } from '@signalbox/database';
import { createHash } from 'node:crypto';

const hourMs = 3_600_000;
const dailyMs = 24 * hourMs;
const afterFailureMs = 4 * hourMs;
const jitterMs = hourMs;
const retryDelaysMs = [10_000, 30_000, 120_000, 600_000, 1_800_000] as const;

/** A day after the last one, and up to an hour later: not every installation asks OpenRouter at the same minute. */
export function isSyncDue(latest: CatalogueSyncEntity | null, nowMs: number): boolean {
  if (!latest) return true;
  const pauseMs = latest.state === 'failed' ? afterFailureMs : dailyMs;
  return nowMs >= latest.createdAt.getTime() + pauseMs + jitterOf(latest.id);
}

/** The same for whoever computes it: no worker needs to remember a draw. */
function jitterOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % jitterMs;
}

/** @returns null: it was tried often enough */
export function retryDelayMs(attempts: number, askedForMs: number | null): number | null {
  const delayMs = retryDelaysMs[attempts - 1];
  return delayMs === undefined ? null : Math.max(delayMs, askedForMs ?? 0);
}
