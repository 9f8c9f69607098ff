import { distributionOf, type Row } from '../support/e2e/figures';

/** Something to be timed once. Returns milliseconds. */
export type Operation = () => Promise<number>;

export interface Measurements {
  rows(baseline: string): Row[];
}

/**
 * Every operation once per round, in a new random order each time, so that whatever else happens on the machine falls on all
 * alike. The first rounds warm up and are not counted.
 */
export async function measureInterleaved(
  operations: Readonly<Record<string, Operation>>,
  { rounds, warmUpRounds, parallel = 1 }: { rounds: number; warmUpRounds: number; parallel?: number },
): Promise<Measurements> {
  const names = Object.keys(operations);
  const valuesMs = new Map<string, number[]>(names.map((name) => [name, []]));
  const runRounds = async (count: number, isCounted: boolean): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      for (const name of shuffled(names)) {
        const ms = (await operations[name]?.()) ?? Number.NaN;
        if (isCounted) valuesMs.get(name)?.push(ms);
      }
    }
  };
  await runRounds(warmUpRounds, false);
  await Promise.all(Array.from({ length: parallel }, () => runRounds(Math.ceil(rounds / parallel), true)));
  return { rows: (baseline) => toRows(valuesMs, baseline) };
}

function toRows(valuesMs: ReadonlyMap<string, number[]>, baseline: string): Row[] {
  const base = distributionOf(valuesMs.get(baseline) ?? []);
  return [...valuesMs].map(([operation, values]) => {
    const figures = distributionOf(values);
    return Object.assign({ operation }, figures, {
      'p50 / baseline': ratio(figures.p50_ms, base.p50_ms),
      'p95 / baseline': ratio(figures.p95_ms, base.p95_ms),
    });
  });
}

function ratio(value: number, base: number): number {
  return Math.round((value / base) * 100) / 100;
}

export function shuffled<Item>(items: readonly Item[]): Item[] {
  const rest = [...items];
  for (let index = rest.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [rest[index], rest[other]] = [rest[other]!, rest[index]!];
  }
  return rest;
}
