import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { SyncSource } from '../merge/catalogue.types';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository, StagedSource } from './staged.repository';
import type { SyncStep } from './sync-step';
import type { SyncStepName } from './sync-steps';

const stagedOf: Readonly<Record<SyncSource, readonly StagedSource[]>> = {
  openrouter: ['openrouter', 'openrouter_malformed', 'endpoints'],
  litellm: ['litellm'],
};

/**
 * In place of the steps that ask a source which the operator leaves out. A sync that began under other settings goes on here: half an
 * answer of that source counts as none, and when nobody has answered so far the other one is asked.
 */
export class SkipSourceStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly source: SyncSource,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity): Promise<void> {
    await this.transactions.run('platform', async (manager) => {
      await this.staged.removeSources(manager, sync.id, stagedOf[this.source]);
      const hasOpenrouter = await this.staged.has(manager, sync.id, 'openrouter');
      await this.syncs.advance(
        manager,
        sync,
        { step: this.next(hasOpenrouter), progress: {} },
        this.clock.now(),
      );
    });
  }

  private next(hasOpenrouter: boolean): SyncStepName {
    if (this.source === 'openrouter') return 'fetch_litellm_prices';
    return hasOpenrouter ? 'merge' : 'fetch_models';
  }
}
