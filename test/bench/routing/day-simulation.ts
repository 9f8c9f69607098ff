import { powerLevels } from '@signalbox/gateway';
import type { Row } from '../../support/e2e/figures';
import { Day } from './day';
import { type Measured, meanWorth, rowOf } from './day-rows';
import { KnownFacts } from './known-facts';
import { oracle } from './oracle';
import { fixedOrder, roundRobin } from './plain-strategies';
import { runDay } from './run-day';
import { fixedOrderWithBreakers, scored } from './scoring-strategy';
import type { Strategy } from './strategy';
import { Utility } from './utility';

export const daySeed = 20_260_101;
export const dayRequests = 20_000;

/** Our own strategies, those without a memory, and the oracle, beside others that ran elsewhere on the same day. */
export function dayRows(day: Day, others: readonly Measured[]): Row[] {
  const known = new KnownFacts(day);
  const count = day.deployments.length;
  const utilities = powerLevels.map((level) => new Utility(day, level));
  const run = (strategy: Strategy): Measured => ({ name: strategy.name, served: runDay(day, strategy) });
  const oracles = utilities.map((utility) => ({ utility, ...run(oracle(day, utility)) }));
  const best = new Map(
    oracles.map(({ utility, served }) => [utility.level, meanWorth(day, utility, served)]),
  );
  const measured = [
    ...powerLevels.map((level) => run(scored(day, known, level))),
    run(scored(day, known, 'balanced', 'latency')),
    run(scored(day, known, 'balanced', 'cost')),
    run(fixedOrder(count)),
    run(fixedOrderWithBreakers(day, known)),
    run(roundRobin(count)),
    ...others,
    ...oracles,
  ];
  return measured.map((one) => rowOf(day, one, utilities, best));
}
