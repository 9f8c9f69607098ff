import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { EntryPlan } from '../anomalies/judge-drafts';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';
import type { SyncCounts, SyncProgress } from './sync-steps';

const pieceSize = 200;

/** Writes what was judged good, some entries at a time: what is written is off the list in the same transaction. */
export class WriteStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity): Promise<void> {
    const at = this.clock.now();
    await this.transactions.run('platform', async (manager) => {
      const rows = await this.staged.read<EntryPlan>(manager, sync.id, 'plan', pieceSize);
      const plans = rows.map(({ document }) => document);
      await this.store.write(manager, plans, { syncId: sync.id, at });
      await this.staged.remove(
        manager,
        sync.id,
        'plan',
        rows.map(({ key }) => key),
      );
      const { done = 0, total = null } = sync.progress as SyncProgress;
      const isDone = rows.length < pieceSize;
      const progress = isDone ? {} : { done: done + rows.length, total };
      const step = isDone ? 'vanish' : 'write';
      await this.syncs.advance(manager, sync, { step, progress, counts: countsOf(plans) }, at);
    });
  }
}

function countsOf(plans: readonly EntryPlan[]): SyncCounts {
  return {
    added: plans.filter(({ isNew }) => isNew).length,
    changed: plans.filter(({ isNew }) => !isNew).length,
    prices: plans.reduce((sum, { opens }) => sum + opens.length, 0),
  };
}
