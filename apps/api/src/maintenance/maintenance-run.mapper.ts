import { AppError } from '@signalbox/common';
import type { MaintenanceRunEntity } from '@signalbox/database';
import type { StartMaintenanceRun } from '@signalbox/domain/maintenance';
import type { MaintenanceRunView, StartMaintenanceRunBody } from './maintenance-run.dto';

export function toStartMaintenanceRun(body: StartMaintenanceRunBody): StartMaintenanceRun {
  const { kind, dry_run: dryRun = false, parameters } = body;
  const to = parameters?.to;
  if (kind === 'move_secrets') {
    if (to) return { kind, dryRun, to };
    throw invalidTarget('Say in parameters.to where to: sealed or infisical.', 'is needed for move_secrets');
  }
  if (to === undefined) return { kind, dryRun };
  throw invalidTarget('Leave parameters out.', `means nothing for ${kind}`);
}

function invalidTarget(detail: string, message: string): AppError {
  return new AppError('validation_failed', detail, { fields: [{ field: 'parameters.to', message }] });
}

export function toMaintenanceRunView(run: MaintenanceRunEntity): MaintenanceRunView {
  return {
    id: run.id,
    kind: run.kind,
    status: run.status,
    dry_run: run.dryRun,
    parameters: run.parameters,
    total: run.total,
    done: run.done,
    skipped: run.skipped,
    failed: run.failed,
    problems: run.problems,
    created_by: run.createdBy,
    created_at: run.createdAt.toISOString(),
    updated_at: run.updatedAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
  };
}
