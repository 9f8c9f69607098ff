import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { CatalogueSyncService } from './catalogue-sync.service';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';

export class DoneStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly service: CatalogueSyncService,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity): Promise<void> {
    const now = this.clock.now();
    await this.transactions.run('platform', async (manager) => {
      await this.staged.removeAll(manager, sync.id);
      await this.service.completed(manager, sync);
      await this.syncs.update(manager, sync, {
        state: 'completed',
        problem: null,
        nextAttemptAt: null,
        updatedAt: now,
        endedAt: now,
      });
    });
  }
}
