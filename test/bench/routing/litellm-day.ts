import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { attemptLimit, type Day, minuteMs, retryAfterMs } from './day';
import { failureKinds, priceChangeMinutes, pricesAt } from './day-deployments';
import type { Measured } from './day-rows';
import { priceDelayMinutes } from './known-facts';
import type { Served } from './strategy';

const run = promisify(execFile);
const script = join(__dirname, 'litellm_day.py');
const longestMs = 1_800_000;

/** Of LiteLLM's own, those that choose by a figure or by chance. */
export const litellmStrategies = ['simple-shuffle', 'latency-based-routing', 'cost-based-routing'] as const;

/** The same day through the Router of the installed LiteLLM, one process for each strategy. */
export async function litellmDay(python: string, day: Day, seed: number): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-day-'));
  try {
    writeFileSync(join(folder, 'day.json'), JSON.stringify(factsOf(day)));
    writeFileSync(join(folder, 'outcomes.bin'), new Uint8Array(day.outcomes.buffer));
    return await Promise.all(
      litellmStrategies.map(async (strategy) => {
        await run(python, [script, folder, strategy, String(seed)], { timeout: longestMs });
        return { name: `LiteLLM, ${strategy}`, served: servedIn(join(folder, `${strategy}.json`)) };
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function factsOf(day: Day): object {
  return {
    attempt_limit: attemptLimit,
    retry_after_ms: retryAfterMs,
    failures: failureKinds,
    requests: day.requests.map(({ atMs, promptTokens, answerTokens }) => [atMs, promptTokens, answerTokens]),
    deployments: day.deployments.map((one) => ({ id: one.id, ...pricesOf(one, 0) })),
    price_changes: [...priceChangeMinutes]
      .sort((left, right) => left - right)
      .flatMap((minute) =>
        day.deployments.map((one) => ({
          id: one.id,
          at_ms: (minute + priceDelayMinutes) * minuteMs,
          ...pricesOf(one, minute),
        })),
      ),
  };
}

function pricesOf(deployment: Day['deployments'][number], minute: number): { input: number; output: number } {
  const [input, output] = pricesAt(deployment, minute);
  return { input, output };
}

function servedIn(path: string): Served[] {
  const rows = JSON.parse(readFileSync(path, 'utf8')) as [number | null, number, number][];
  return rows.map(([deployment, totalMs, attempts]) => ({ deployment, totalMs, attempts }));
}
