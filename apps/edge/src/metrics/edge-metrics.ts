import type { UsageEvent } from '@signalbox/gateway';

/** What the parts of the edge tell; scraped as Prometheus text on a port of its own. Each call is cheap and never throws. */
export interface EdgeMetrics {
  requestEnded(event: UsageEvent): void;
  /** A request that never got as far as a usage event: no route, no key. */
  requestRefused(code: string): void;
  breakerChanged(name: string, state: 'closed' | 'open' | 'half_open'): void;
  limitsAreLocal(isLocal: boolean): void;
  usageSpooled(waitingEvents: number): void;
  usageLost(events: number): void;
  litellmUp(isUp: boolean): void;
  redisUp(isUp: boolean): void;
  projectionAgeSeconds(seconds: number): void;
}

export const noMetrics: EdgeMetrics = {
  requestEnded: () => undefined,
  requestRefused: () => undefined,
  breakerChanged: () => undefined,
  limitsAreLocal: () => undefined,
  usageSpooled: () => undefined,
  usageLost: () => undefined,
  litellmUp: () => undefined,
  redisUp: () => undefined,
  projectionAgeSeconds: () => undefined,
};
