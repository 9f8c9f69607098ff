import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import { isUniqueViolation, MaintenanceRunEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { asAppError, SecretStores } from '@signalbox/domain/secrets';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { MaintenanceRunRepository } from './maintenance-run.repository';
import { MaintenanceRunner } from './maintenance-runner';
import type { MaintenanceRunFilter, StartMaintenanceRun } from './maintenance.types';

/** Long pieces of work over many rows, which a worker or a command does. Operators of the platform only. */
@Injectable()
export class MaintenanceService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly runs: MaintenanceRunRepository,
    private readonly runner: MaintenanceRunner,
    private readonly stores: SecretStores,
    private readonly audit: AuditTrail,
    private readonly jobs: JobProducer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async start(caller: Caller, input: StartMaintenanceRun): Promise<MaintenanceRunEntity> {
    requireOperator(caller, 'maintenance:write');
    const { kind, dryRun } = input;
    const parameters = input.kind === 'move_secrets' ? { to: input.to } : {};
    if (input.kind === 'move_secrets') await this.checkStore(input.to);
    const run = await this.insert(caller, { kind, dryRun, parameters }, (manager, made) =>
      this.runner.taskOf(kind).count(manager, made),
    );
    await this.jobs.add('maintenance.run', {});
    return run;
  }

  /** For tasks that the caller carries on by itself; see MaintenanceRunner.carryOn. */
  async insert(
    caller: Caller,
    input: Pick<MaintenanceRunEntity, 'kind' | 'dryRun' | 'parameters'>,
    count: (manager: EntityManager, run: MaintenanceRunEntity) => Promise<number>,
  ): Promise<MaintenanceRunEntity> {
    const now = this.clock.now();
    const run = Object.assign(new MaintenanceRunEntity(), {
      ...input,
      id: newId('maintenanceRun', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      status: 'running' as const,
      cursor: null,
      total: 0,
      done: 0,
      skipped: 0,
      failed: 0,
      problems: [],
      createdBy: caller.actorId,
      finishedAt: null,
    });
    try {
      await this.transactions.run('platform', async (manager) => {
        run.total = await count(manager, run);
        await this.runs.insert(manager, run);
        await this.record(manager, caller, run, 'started');
      });
    } catch (error) {
      if (!isUniqueViolation(error, 'maintenance_runs_one_running_key')) throw error;
      throw new AppError(
        'maintenance_run_in_progress',
        'Wait until it is done, or cancel it: GET /api/v1/maintenance/runs?status=running shows it.',
      );
    }
    return run;
  }

  /** The one that is going on; null: none. */
  async running(caller: Caller, kind: MaintenanceRunEntity['kind']): Promise<MaintenanceRunEntity | null> {
    requireOperator(caller, 'maintenance:write');
    return this.transactions.run('platform', (manager) => this.runs.findRunning(manager, kind));
  }

  async list(
    caller: Caller,
    filter: MaintenanceRunFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<MaintenanceRunEntity>> {
    requireOperator(caller, 'maintenance:write');
    const before = decodeIdCursor('maintenanceRun', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.runs.list(manager, filter, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<MaintenanceRunEntity> {
    requireOperator(caller, 'maintenance:write');
    return known(await this.transactions.run('platform', (manager) => this.runs.find(manager, id)));
  }

  /** What is done stays done. A run that is over stays what it is. */
  async cancel(caller: Caller, id: string): Promise<MaintenanceRunEntity> {
    requireOperator(caller, 'maintenance:write');
    return this.transactions.run('platform', async (manager) => {
      const run = known(await this.runs.findForUpdate(manager, id));
      if (run.status !== 'running') return run;
      run.status = 'cancelled';
      run.version += 1;
      run.updatedAt = this.clock.now();
      run.finishedAt = run.updatedAt;
      await this.runs.save(manager, run);
      await this.record(manager, caller, run, 'cancelled');
      return run;
    });
  }

  private async checkStore(to: 'sealed' | 'infisical'): Promise<void> {
    try {
      await this.stores.of(to).check();
    } catch (error) {
      throw asAppError(error);
    }
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    run: MaintenanceRunEntity,
    what: 'started' | 'cancelled',
  ): Promise<void> {
    const { kind, dryRun, parameters, total } = run;
    await this.audit.record(manager, caller, {
      action: `maintenance_run.${what}`,
      targetType: 'maintenance_run',
      targetId: run.id,
      organizationId: null,
      changes: { kind, dryRun, parameters, total },
    });
  }
}

function known(run: MaintenanceRunEntity | null): MaintenanceRunEntity {
  if (run) return run;
  throw new AppError(
    'maintenance_run_not_found',
    'Check the id; GET /api/v1/maintenance/runs lists the known ones.',
  );
}
