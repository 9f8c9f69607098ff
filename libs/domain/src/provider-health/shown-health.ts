import type { ProviderHealthEntity, ProviderHealthState } from '@signalbox/database';

/** Older figures say nothing of now: the worker looks each minute. */
const shownForMs = 5 * 60_000;

export interface ShownHealth {
  readonly state: ProviderHealthState;
  readonly reason: string;
  readonly detail: string | null;
}

/** What may be said of a provider at this moment. */
export function shownHealth(health: ProviderHealthEntity | undefined, nowMs: number): ShownHealth {
  if (!health) return { state: 'unknown', reason: 'nothing_known', detail: 'It was not looked at yet.' };
  if (nowMs - health.checkedAt.getTime() > shownForMs) {
    const detail = `It was ${health.state} when it was last looked at. Does a worker run?`;
    return { state: 'unknown', reason: 'not_looked_at_lately', detail };
  }
  const { state, reason, detail } = health;
  return { state, reason, detail };
}

/** For metrics: 1 healthy, 0.5 degraded, 0 unhealthy. null: nobody knows, so nothing is said. */
export function healthGauge(state: ProviderHealthState): number | null {
  return { healthy: 1, degraded: 0.5, unhealthy: 0, unknown: null }[state];
}
