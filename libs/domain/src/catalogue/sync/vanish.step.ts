import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';

/** Marks what no source has any more. Its last price stays known: somebody may still be calling it. */
export class VanishStep implements SyncStep {
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
      const ids = await this.staged.keys(manager, sync.id, 'vanish');
      const vanished = ids.length === 0 ? 0 : await this.store.vanish(manager, ids, at);
      await this.syncs.advance(manager, sync, { step: 'done', progress: {}, counts: { vanished } }, at);
    });
  }
}
