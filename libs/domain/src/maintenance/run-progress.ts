import type { Clock } from '@signalbox/common';
import type { EntityManager } from 'typeorm';
import type { MaintenanceRunRepository, RunStep } from './maintenance-run.repository';

/** The run was cancelled meanwhile. The step that hits upon it is undone with its transaction. */
export class RunEnded extends Error {}

/** How far one run is: each step is noted in the transaction that does it. */
export class RunProgress {
  constructor(
    private readonly runs: MaintenanceRunRepository,
    private readonly runId: string,
    private readonly clock: Clock,
  ) {}

  done(manager: EntityManager, cursor: string): Promise<void> {
    return this.note(manager, { cursor, outcome: 'done', problem: null });
  }

  /** There was nothing to do (any more). */
  skipped(manager: EntityManager, cursor: string): Promise<void> {
    return this.note(manager, { cursor, outcome: 'skipped', problem: null });
  }

  /** @param name of the row, for people; neither it nor the reason holds a secret */
  failed(manager: EntityManager, cursor: string, name: string, reason: string): Promise<void> {
    return this.note(manager, { cursor, outcome: 'failed', problem: { name, reason } });
  }

  private async note(manager: EntityManager, step: RunStep): Promise<void> {
    const isRunning = await this.runs.advance(manager, this.runId, step, this.clock.now());
    if (!isRunning) throw new RunEnded('the maintenance run is over');
  }
}
