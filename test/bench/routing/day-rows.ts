import { percentile, type Row } from '../../support/e2e/figures';
import type { Day } from './day';
import type { Served } from './strategy';
import { costPicoUsd, type Utility } from './utility';

const picoPerUsd = 1e12;

export interface Measured {
  readonly name: string;
  readonly served: readonly Served[];
}

/** What the best that anybody could do was worth, in the mean. */
export type BestWorth = ReadonlyMap<string, number>;

export function meanWorth(day: Day, utility: Utility, served: readonly Served[]): number {
  const sum = day.requests.reduce((total, request) => total + utility.of(request, served[request.index]!), 0);
  return sum / day.requests.length;
}

/** One strategy's day. Regret: how much less its answers were worth than the oracle's, in thousandths of the score. */
export function rowOf(
  day: Day,
  { name, served }: Measured,
  utilities: readonly Utility[],
  best: BestWorth,
): Row {
  const answered = day.requests.filter(({ index }) => served[index]!.deployment !== null);
  const times = answered.map(({ index }) => served[index]!.totalMs);
  const costPico = answered.reduce(
    (sum, request) => sum + BigInt(costPicoUsd(day, request, served[request.index]!.deployment!)),
    0n,
  );
  const attempts = served.reduce((sum, one) => sum + one.attempts, 0);
  const regrets = utilities.map((utility) => [
    `regret ${utility.level}`,
    round((best.get(utility.level)! - meanWorth(day, utility, served)) * 1_000, 1),
  ]);
  return {
    strategy: name,
    requests: day.requests.length,
    'failed %': round((1 - answered.length / day.requests.length) * 100, 3),
    'attempts each': round(attempts / day.requests.length, 3),
    'cost USD': round(Number(costPico) / picoPerUsd, 3),
    'first byte p50 ms': percentile(times, 0.5),
    'p99 ms': percentile(times, 0.99),
    ...Object.fromEntries(regrets),
  };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
