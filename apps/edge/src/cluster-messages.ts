import type { LogLevel } from '@signalbox/common';
import type { MetricsSnapshot } from './metrics/prometheus-metrics';
import type { Readiness } from './server/health';

/**
 * What primary and workers tell each other. During a restart they are of two versions: add fields and kinds, never change one.
 */
export type ToWorker =
  /** Each worker's first message. `warmUpMs`: listen once requests can be answered, or after that time. */
  | { kind: 'start'; index: number; count: number; warmUpMs: number; logLevel: LogLevel }
  /** A second one, without `isReplaced`, shortens a drain that had time. */
  | { kind: 'drain'; limitMs: number; lingerMs: number; isReplaced: boolean }
  | { kind: 'log_level'; level: LogLevel }
  | { kind: 'metrics' };

export type FromWorker =
  /** It listens. */
  | { kind: 'started'; port: number }
  /** It cannot be started; the message is for a person. */
  | { kind: 'start_failed'; message: string }
  | { kind: 'readiness'; status: Readiness['status'] }
  | { kind: 'metrics'; snapshot: MetricsSnapshot };

export function isMessage(value: unknown): value is { kind: string } {
  return (
    typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string'
  );
}
