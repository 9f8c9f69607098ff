import { systemClock } from '@signalbox/common';
import { BenchmarkRunner } from '@signalbox/domain/benchmarks';
import { openBenchmarkContext } from './benchmark-context';

/** A worker's benchmarks, until it is killed. */
const [, , databaseUrl = '', redisUrl = '', edgeUrl = ''] = process.argv;

async function main(): Promise<void> {
  const context = await openBenchmarkContext({ databaseUrl, redisUrl, edgeUrl, clock: systemClock });
  await context.get(BenchmarkRunner, { strict: false }).advance(new AbortController().signal);
}

void main();
