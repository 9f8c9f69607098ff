import type { Row } from '../../support/e2e/figures';
import { shuffled } from '../measure';
import { cpuSecondsOf, type LoadGenerator } from './bench-process';
import type { LoadFigures } from './load-generator.process';
import type { BenchTarget } from './wire';

const seconds = Number(process.env['SIGNALBOX_BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['SIGNALBOX_BENCH_ROUNDS'] ?? 5);
const connections = 50;
const heatMs = 8_000;
export const benchPath = '/v1/chat/completions';

export interface System {
  name: string;
  target: BenchTarget;
  pid: number;
  /** What it can surely take, for the run at a fixed rate. */
  ratePerSecond: number;
}

export interface Sample extends LoadFigures {
  cpuMsPerRequest: number;
}

export function targetOf(port: number, headers: Record<string, string>, model = 'bench'): BenchTarget {
  const body = {
    model,
    messages: [{ role: 'user', content: 'Say something about foxes and dogs, please.' }],
  };
  return { host: '127.0.0.1', port, path: benchPath, headers, body: JSON.stringify(body) };
}

/** Every system once per round, in a new random order each time. */
export async function measureSystems(
  systems: readonly System[],
  generator: LoadGenerator,
  rateOf: (system: System) => number | null,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(systems.map(({ name }) => [name, []]));
  // Node compiles for seconds what it will run for days.
  for (const { target } of systems)
    await generator.run({
      target: { ...target },
      connections,
      warmUpMs: 0,
      durationMs: heatMs,
      ratePerSecond: null,
    });
  for (let round = 0; round < rounds; round += 1) {
    for (const system of shuffled(systems)) {
      const cpuBefore = system.pid ? cpuSecondsOf(system.pid) : 0;
      const job = { target: { ...system.target }, connections, warmUpMs: 1_000, durationMs: seconds * 1_000 };
      const figures = await generator.run({ ...job, ratePerSecond: rateOf(system) });
      const cpuSeconds = system.pid ? cpuSecondsOf(system.pid) - cpuBefore : 0;
      // The warm-up's share is taken out by time.
      const share = seconds / (seconds + 1);
      samples.get(system.name)?.push({
        ...figures,
        cpuMsPerRequest: ((cpuSeconds * share) / Math.max(figures.answered, 1)) * 1_000,
      });
      if (figures.firstProblem)
        console.log(`${system.name}: ${figures.failed} failed: ${figures.firstProblem}`);
    }
  }
  return samples;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** The median of the rounds for each figure. */
export function rowsOf(
  part: string,
  samples: ReadonlyMap<string, readonly Sample[]>,
  baseline: string,
): Row[] {
  const of = (name: string, pick: (sample: Sample) => number): number =>
    median((samples.get(name) ?? []).map(pick));
  return [...samples.keys()].map((name) => ({
    part,
    system: name,
    requests_per_second: rounded(
      of(name, ({ perSecond }) => perSecond),
      0,
    ),
    p50_ms: rounded(of(name, ({ p50Ms }) => p50Ms)),
    p99_ms: rounded(of(name, ({ p99Ms }) => p99Ms)),
    added_p50_ms: rounded(of(name, ({ p50Ms }) => p50Ms) - of(baseline, ({ p50Ms }) => p50Ms)),
    added_p99_ms: rounded(of(name, ({ p99Ms }) => p99Ms) - of(baseline, ({ p99Ms }) => p99Ms)),
    cpu_ms_per_request: rounded(
      of(name, ({ cpuMsPerRequest }) => cpuMsPerRequest),
      3,
    ),
    failed: (samples.get(name) ?? []).reduce((sum, { failed }) => sum + failed, 0),
  }));
}
