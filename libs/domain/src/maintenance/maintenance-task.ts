import type { MaintenanceRunEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import type { RunProgress } from './run-progress';

/** One kind of run. It may be ended at any line and is begun again at the run's cursor. */
export interface MaintenanceTask {
  /** How many rows there are to do. */
  count(manager: EntityManager, run: MaintenanceRunEntity): Promise<number>;
  /** Returns when nothing is left. Each row is done and noted in the progress in one transaction. */
  work(run: MaintenanceRunEntity, progress: RunProgress, signal: AbortSignal): Promise<void>;
}
