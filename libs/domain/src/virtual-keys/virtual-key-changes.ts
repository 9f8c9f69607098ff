import { invalidField, parseDurationMs } from '@signalbox/common';
import type { VirtualKeyEntity } from '@signalbox/database';
import { limitColumns } from '@signalbox/domain/limits';
import type { VirtualKeySettings } from './virtual-key.types';

const dayMs = 86_400_000;
/** LiteLLM has no bound; a date far in the future is a typing error, and never is `null`. */
const maxDurationMs = 3_650 * dayMs;
const maxOverlapMs = 30 * dayMs;

function refuse(field: string, message: string): never {
  throw invalidField(field, message);
}

export function expiryOf(duration: string | null, now: Date): Date | null {
  if (duration === null) return null;
  const durationMs = parseDurationMs(duration);
  if (durationMs > maxDurationMs)
    refuse('duration', 'must be at most 3650d; null means that the key never expires');
  return new Date(now.getTime() + durationMs);
}

/** @returns milliseconds; `0s` ends the older values at once */
export function parseOverlapMs(overlap: string): number {
  if (overlap === '0s') return 0;
  const overlapMs = parseDurationMs(overlap, 'overlap');
  if (overlapMs > maxOverlapMs) refuse('overlap', 'must be at most 30d');
  return overlapMs;
}

type Column = Exclude<keyof VirtualKeySettings, 'duration'>;
const columns: readonly Column[] = [
  'keyAlias',
  'userId',
  'models',
  'maxBudget',
  'budgetDuration',
  'serviceId',
  ...limitColumns,
  'metadata',
  'blocked',
];

/** Sets the given fields on the row. @returns the names of those whose value is another one now */
export function applySettings(key: VirtualKeyEntity, settings: VirtualKeySettings, now: Date): string[] {
  const changed: string[] = [];
  for (const column of columns) {
    const value = settings[column];
    if (value === undefined || isSame(key[column], value)) continue;
    Object.assign(key, { [column]: value });
    changed.push(column);
  }
  if (settings.duration !== undefined) {
    const expiresAt = expiryOf(settings.duration, now);
    if (expiresAt?.getTime() !== key.expiresAt?.getTime()) changed.push('expiresAt');
    key.expiresAt = expiresAt;
  }
  return changed;
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** What the audit event tells of the changed fields. Metadata is the caller's own and only named, not repeated. */
export function auditedChanges(key: VirtualKeyEntity, changed: readonly string[]): Record<string, unknown> {
  const values = key as unknown as Record<string, unknown>;
  return Object.fromEntries(
    changed.map((name) => [name, name === 'metadata' ? { names: Object.keys(key.metadata) } : values[name]]),
  );
}
