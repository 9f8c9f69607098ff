import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { type MaintenanceKind, type MaintenanceRunEntity, TenantTransactions } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { SecretStoreError } from '@signalbox/secrets';
import { MaintenanceRunRepository } from './maintenance-run.repository';
import type { MaintenanceTask } from './maintenance-task';
import { MoveSecretsTask } from './move/move-secrets.task';
import { ReencryptSecretsTask } from './reencrypt/reencrypt-secrets.task';
import { RunEnded, RunProgress } from './run-progress';

/** One process at a time works on a kind; PostgreSQL lets go of the lock when that process dies. */
const lockKeys: Record<MaintenanceKind, number> = {
  reencrypt_secrets: 7_346_094,
  move_secrets: 7_346_095,
  import_fernet: 7_346_096,
};

export type ResumableKind = Exclude<MaintenanceKind, 'import_fernet'>;
export const resumableKinds: readonly ResumableKind[] = ['reencrypt_secrets', 'move_secrets'];

/** idle: no such run. busy: another process is at it. waiting: a secret store does not answer. */
export type ResumeOutcome = 'idle' | 'busy' | 'waiting' | 'stopped' | 'ended';

/** Goes on with the run of a kind, wherever it was left. */
@Injectable()
export class MaintenanceRunner {
  private readonly tasks: Readonly<Record<ResumableKind, MaintenanceTask>>;

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly runs: MaintenanceRunRepository,
    private readonly audit: AuditTrail,
    reencrypt: ReencryptSecretsTask,
    move: MoveSecretsTask,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.tasks = { reencrypt_secrets: reencrypt, move_secrets: move };
  }

  taskOf(kind: ResumableKind): MaintenanceTask {
    return this.tasks[kind];
  }

  async resume(kind: ResumableKind, signal: AbortSignal): Promise<ResumeOutcome> {
    const outcome = await this.alone(kind, async () => {
      const run = await this.transactions.run('platform', (manager) => this.runs.findRunning(manager, kind));
      return run ? this.carryOn(run, this.tasks[kind], signal) : 'idle';
    });
    return outcome ?? 'busy';
  }

  /** @returns null when another process works on a run of this kind */
  alone<Result>(kind: MaintenanceKind, work: () => Promise<Result>): Promise<Result | null> {
    return this.transactions.exclusivelyOrNot(lockKeys[kind], work);
  }

  /** To be called `alone`. What is not a fault of the store or of the run is thrown, and the run stays as it is. */
  async carryOn(
    run: MaintenanceRunEntity,
    task: MaintenanceTask,
    signal: AbortSignal,
  ): Promise<ResumeOutcome> {
    const progress = new RunProgress(this.runs, run.id, this.clock);
    try {
      await task.work(run, progress, signal);
    } catch (error) {
      if (error instanceof RunEnded) return 'ended';
      if (!(error instanceof SecretStoreError)) throw error;
      if (error.reason !== 'unavailable') return this.giveUp(run, error.message);
      this.logger.warn('a maintenance run waits for the secret store', {
        run: run.id,
        reason: error.message,
      });
      return 'waiting';
    }
    if (signal.aborted) return 'stopped';
    return this.end(run, []);
  }

  private giveUp(run: MaintenanceRunEntity, reason: string): Promise<ResumeOutcome> {
    return this.end(run, [{ name: 'secret store', reason }]);
  }

  private async end(
    run: MaintenanceRunEntity,
    problems: MaintenanceRunEntity['problems'],
  ): Promise<ResumeOutcome> {
    await this.transactions.run('platform', async (manager) => {
      const current = await this.runs.findForUpdate(manager, run.id);
      if (current?.status !== 'running') return;
      current.problems = [...current.problems, ...problems];
      current.status = current.failed > 0 || problems.length > 0 ? 'failed' : 'done';
      current.version += 1;
      current.updatedAt = this.clock.now();
      current.finishedAt = current.updatedAt;
      await this.runs.save(manager, current);
      const { kind, status, done, skipped, failed } = current;
      await this.audit.record(manager, systemCaller('maintenance'), {
        action: 'maintenance_run.finished',
        targetType: 'maintenance_run',
        targetId: run.id,
        organizationId: null,
        changes: { kind, status, done, skipped, failed },
      });
    });
    return 'ended';
  }
}
