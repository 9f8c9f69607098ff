import { Injectable } from '@nestjs/common';
import { type MaintenanceKind, MaintenanceRunEntity } from '@signalbox/database';
import { type EntityManager, LessThan, type QueryDeepPartialEntity } from 'typeorm';
import type { MaintenanceRunFilter } from './maintenance.types';

export interface RunStep {
  readonly cursor: string;
  readonly outcome: 'done' | 'skipped' | 'failed';
  readonly problem: { readonly name: string; readonly reason: string } | null;
}

const keptProblems = 100;

@Injectable()
export class MaintenanceRunRepository {
  async insert(manager: EntityManager, run: MaintenanceRunEntity): Promise<void> {
    await manager.insert(MaintenanceRunEntity, run as QueryDeepPartialEntity<MaintenanceRunEntity>);
  }

  async find(manager: EntityManager, id: string): Promise<MaintenanceRunEntity | null> {
    return manager.findOneBy(MaintenanceRunEntity, { id });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<MaintenanceRunEntity | null> {
    return manager.findOne(MaintenanceRunEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async findRunning(manager: EntityManager, kind: MaintenanceKind): Promise<MaintenanceRunEntity | null> {
    return manager.findOneBy(MaintenanceRunEntity, { kind, status: 'running' });
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: MaintenanceRunFilter,
    limit: number,
    before: string | null,
  ): Promise<MaintenanceRunEntity[]> {
    const where = {
      ...(filter.kind === undefined ? {} : { kind: filter.kind }),
      ...(filter.status === undefined ? {} : { status: filter.status }),
      ...(before === null ? {} : { id: LessThan(before) }),
    };
    return manager.find(MaintenanceRunEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async save(manager: EntityManager, run: MaintenanceRunEntity): Promise<void> {
    await manager.save(run);
  }

  /** Counts in PostgreSQL, so that nothing is lost or counted twice. @returns false when the run is over */
  async advance(manager: EntityManager, id: string, step: RunStep, now: Date): Promise<boolean> {
    const one = (outcome: RunStep['outcome']): number => (step.outcome === outcome ? 1 : 0);
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE maintenance_runs SET cursor = $2, done = done + $3, skipped = skipped + $4, failed = failed + $5,
         problems = CASE WHEN $6::jsonb IS NULL OR jsonb_array_length(problems) >= ${keptProblems} THEN problems
           ELSE problems || $6::jsonb END,
         total = greatest(total, done + skipped + failed + 1), version = version + 1, updated_at = $7
       WHERE id = $1 AND status = 'running'`,
      [
        id,
        step.cursor,
        one('done'),
        one('skipped'),
        one('failed'),
        step.problem && JSON.stringify(step.problem),
        now,
      ],
    );
    return count === 1;
  }
}
