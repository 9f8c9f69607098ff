import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadMaintenanceConfig } from '@signalbox/config';
import type { MaintenanceRunEntity } from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { MaintenanceService } from '@signalbox/domain/maintenance';
import { JobModule } from './job-module';

const reportEveryMs = 2_000;

export interface MaintenanceJob {
  readonly context: INestApplicationContext;
  readonly caller: Caller;
  /** When the person at the terminal wants to stop. */
  readonly signal: AbortSignal;
}

/** A command on maintenance runs: the domain with its secrets, and an orderly end at Ctrl-C. */
export async function withMaintenance(
  name: string,
  work: (job: MaintenanceJob) => Promise<number>,
): Promise<number> {
  const module = JobModule.maintenance(name, loadMaintenanceConfig());
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await work({ context, caller: systemCaller(name), signal: ending.signal });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await context.close();
  }
}

/** Prints the run's progress from time to time, whoever works on it. @returns what ends that */
export function reportProgress(
  { context, caller }: MaintenanceJob,
  id: string,
  print: (line: string) => void,
): () => void {
  let last = '';
  const timer = setInterval(() => {
    context
      .get(MaintenanceService)
      .get(caller, id)
      .then((run) => {
        const line = progressOf(run);
        if (line !== last && run.status === 'running') print(line);
        last = line;
      })
      // The work itself notices that PostgreSQL is away, and says so.
      .catch(() => undefined);
  }, reportEveryMs);
  return () => clearInterval(timer);
}

function progressOf(run: MaintenanceRunEntity): string {
  const { total, done, skipped, failed } = run;
  return `${done + skipped + failed} of ${total}: ${done} done, ${skipped} skipped, ${failed} failed`;
}

/** @returns 1 unless everything is done */
export function printOutcome(run: MaintenanceRunEntity, print: (line: string) => void): number {
  for (const { name, reason } of run.problems) print(`  ${name}: ${reason}`);
  const hidden = run.failed - run.problems.length;
  if (hidden > 0) print(`  ... and ${hidden} more`);
  const what = run.dryRun ? ' (dry run: nothing was changed)' : '';
  print(`${run.status}: ${progressOf(run)}${what} [${run.id}]`);
  return run.status === 'done' ? 0 : 1;
}
