import { AppError, pauseFor } from '@signalbox/common';
import type { MaintenanceRunEntity } from '@signalbox/database';
import {
  MaintenanceRunner,
  MaintenanceService,
  type StartMaintenanceRun,
} from '@signalbox/domain/maintenance';
import { type MaintenanceJob, printOutcome, reportProgress } from './maintenance-job';

const pollEveryMs = 1_000;

/** Does a run here, or watches whoever does it already; a run that was left half-way is taken up. */
export async function runHere(
  job: MaintenanceJob,
  input: StartMaintenanceRun,
  print: (line: string) => void,
): Promise<number> {
  const { id } = await startOrJoin(job, input, print);
  const endReport = reportProgress(job, id, print);
  try {
    const run = await carryOn(job, id, input, print);
    if (run.status !== 'running') return printOutcome(run, print);
    print(
      `Stopped. A worker goes on with ${id}, or the same command; to end it: POST /api/v1/maintenance/runs/${id}/cancel.`,
    );
    return 1;
  } finally {
    endReport();
  }
}

async function startOrJoin(
  { context, caller }: MaintenanceJob,
  input: StartMaintenanceRun,
  print: (line: string) => void,
): Promise<MaintenanceRunEntity> {
  const service = context.get(MaintenanceService);
  const running = await service.running(caller, input.kind);
  if (!running) return service.start(caller, input);
  if (!isSame(running, input)) {
    throw new AppError(
      'maintenance_run_in_progress',
      `${running.id} goes on with other settings: wait until it is done, or cancel it (POST /api/v1/maintenance/runs/${running.id}/cancel).`,
    );
  }
  print(`Going on with ${running.id}.`);
  return running;
}

function isSame(run: MaintenanceRunEntity, input: StartMaintenanceRun): boolean {
  const to = input.kind === 'move_secrets' ? input.to : undefined;
  return run.dryRun === input.dryRun && run.parameters['to'] === to;
}

async function carryOn(
  { context, caller, signal }: MaintenanceJob,
  id: string,
  { kind }: StartMaintenanceRun,
  print: (line: string) => void,
): Promise<MaintenanceRunEntity> {
  for (let isWaiting = false; ;) {
    const outcome = await context.get(MaintenanceRunner).resume(kind, signal);
    const run = await context.get(MaintenanceService).get(caller, id);
    if (run.status !== 'running' || signal.aborted) return run;
    if (outcome === 'waiting' && !isWaiting) print('A secret store does not answer: waiting for it.');
    isWaiting = outcome === 'waiting';
    await pauseFor(pollEveryMs, signal);
  }
}
