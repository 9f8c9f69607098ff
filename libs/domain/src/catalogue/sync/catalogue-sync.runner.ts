import { AppError, type Clock, type Logger } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import { CatalogueSourceError } from '../sources/source-error';
import { type CatalogueSyncRepository, SyncEnded } from './catalogue-sync.repository';
import type { CatalogueSyncService } from './catalogue-sync.service';
import { SkipSourceStep } from './skip-source.step';
import { syncProblem } from './sync-problem';
import { isSyncDue, retryDelayMs } from './sync-schedule';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';
import { isSyncStep, type SyncProgress, type SyncStepName } from './sync-steps';

/** One process at a time works on the sync; PostgreSQL lets go of the lock when that process dies. */
const lockKey = 7_346_106;

/** idle: none is due. busy: another process is at it. waiting: a source does not answer, and is asked again later. */
export type AdvanceOutcome = 'idle' | 'busy' | 'waiting' | 'stopped' | 'completed' | 'failed';

export interface RunnerParts {
  readonly transactions: TenantTransactions;
  readonly service: CatalogueSyncService;
  readonly syncs: CatalogueSyncRepository;
  readonly staged: StagedRepository;
  readonly steps: Readonly<Record<SyncStepName, SyncStep>>;
  readonly isDaily: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Goes on with the sync that runs, wherever it was left, and starts the daily one. */
export class CatalogueSyncRunner {
  constructor(private readonly parts: RunnerParts) {}

  async advance(signal: AbortSignal): Promise<AdvanceOutcome> {
    const { transactions } = this.parts;
    const outcome = await transactions.exclusivelyOrNot(lockKey, async () => {
      const running = (await this.running()) ?? (await this.startDue());
      return running ? this.carryOn(running, signal) : 'idle';
    });
    return outcome ?? 'busy';
  }

  private running(): Promise<CatalogueSyncEntity | null> {
    const { transactions, syncs } = this.parts;
    return transactions.run('platform', (manager) => syncs.findRunning(manager));
  }

  private async startDue(): Promise<CatalogueSyncEntity | null> {
    const { transactions, syncs, service, clock, isDaily } = this.parts;
    if (!isDaily) return null;
    const latest = await transactions.run('platform', (manager) => syncs.latest(manager));
    if (!isSyncDue(latest, clock.nowMs())) return null;
    return service.startScheduled();
  }

  private async carryOn(first: CatalogueSyncEntity, signal: AbortSignal): Promise<AdvanceOutcome> {
    for (let sync: CatalogueSyncEntity | null = first; sync; sync = await this.running()) {
      if (signal.aborted) return 'stopped';
      if (this.isWaiting(sync)) return 'waiting';
      const failed = await this.piece(sync, signal);
      if (failed) return failed;
      if (sync.step === 'done') return 'completed';
    }
    return 'idle';
  }

  /** For a source that did not answer, unless the operator leaves it out by now. */
  private isWaiting({ step, nextAttemptAt }: CatalogueSyncEntity): boolean {
    const { steps, clock } = this.parts;
    if ((nextAttemptAt?.getTime() ?? 0) <= clock.nowMs()) return false;
    return !(isSyncStep(step) && steps[step] instanceof SkipSourceStep);
  }

  /** @returns null when the sync goes on */
  private async piece(sync: CatalogueSyncEntity, signal: AbortSignal): Promise<AdvanceOutcome | null> {
    if (!isSyncStep(sync.step))
      throw new Error(`a sync of the catalogue stands at an unknown step: ${sync.step}`);
    try {
      await this.parts.steps[sync.step].work(sync, signal);
      return null;
    } catch (error) {
      if (signal.aborted || error instanceof SyncEnded) return 'stopped';
      // The database is away, which is nothing that this sync did.
      if (error instanceof AppError) throw error;
      return this.noteFailure(sync.id, error);
    }
  }

  /** What is in force stays so. */
  private async noteFailure(id: string, error: unknown): Promise<AdvanceOutcome> {
    const { transactions, service, syncs, staged, clock, logger } = this.parts;
    const retryAfterMs = error instanceof CatalogueSourceError ? error.retryAfterMs : null;
    return transactions.run('platform', async (manager) => {
      // Read anew: a part of the piece may have been noted before the failure.
      const sync = await syncs.find(manager, id);
      if (sync?.state !== 'running') return 'stopped';
      const attempts = ((sync.progress as SyncProgress).attempts ?? 0) + 1;
      const delayMs = retryDelayMs(attempts, retryAfterMs);
      const problem = syncProblem(sync.step, error);
      const now = clock.now();
      const progress = { ...sync.progress, attempts };
      logger.warn('a sync of the catalogue failed', { sync: id, step: sync.step, attempts, error });
      if (delayMs === null) {
        await staged.removeAll(manager, id);
        await service.failed(manager, sync, problem);
        await syncs.update(manager, sync, {
          state: 'failed',
          progress,
          problem,
          nextAttemptAt: null,
          updatedAt: now,
          endedAt: now,
        });
        return 'failed';
      }
      const nextAttemptAt = new Date(now.getTime() + delayMs);
      await syncs.update(manager, sync, { progress, problem, nextAttemptAt, updatedAt: now });
      return 'waiting';
    });
  }
}
