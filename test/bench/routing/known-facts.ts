import { type DeploymentFacts, unknownFacts } from '@signalbox/gateway';
import { type Day, minuteMs } from './day';
import { minutesOfDay, priceChangeMinutes, pricesAt } from './day-deployments';

/** So long after a price has changed its new one is known: to every strategy but the oracle, and to it at once. */
export const priceDelayMinutes = 60;

/** What one can know of a deployment: its price of late, the quality of its model. */
export class KnownFacts {
  private readonly byMinute: readonly (readonly DeploymentFacts[])[];

  constructor(day: Day) {
    this.byMinute = day.deployments.map((deployment) => {
      const known = new Map<number, DeploymentFacts>();
      return Array.from({ length: minutesOfDay }, (_, minute) => {
        const pricedAt = lastKnownChange(minute);
        let facts = known.get(pricedAt);
        if (!facts) {
          const [input, output] = pricesAt(deployment, pricedAt);
          const prices = { input, output, cache_read: null, cache_write: null, request: null };
          known.set(pricedAt, (facts = { ...unknownFacts, prices, quality: deployment.quality }));
        }
        return facts;
      });
    });
  }

  of(deployment: number, atMs: number): DeploymentFacts {
    return this.byMinute[deployment]![Math.min(minutesOfDay - 1, Math.floor(atMs / minuteMs))]!;
  }
}

/** When the prices that are known now came into force. */
function lastKnownChange(minute: number): number {
  const known = priceChangeMinutes.filter((change) => change + priceDelayMinutes <= minute);
  return Math.max(0, ...known);
}
