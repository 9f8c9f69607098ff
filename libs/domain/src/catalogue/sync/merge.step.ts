import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { LitellmEntry } from '../litellm-prices/litellm-entry';
import type { PriceOffer, SourceEntry } from '../merge/catalogue.types';
import { joinSources } from '../merge/join-sources';
import { mergeEntry } from '../merge/merge-entry';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedEndpoints } from './fetch-endpoints.step';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';

/** One draft for each entry, from what the sources said and what is in force. */
export class MergeStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity): Promise<void> {
    const at = sync.createdAt.toISOString();
    await this.transactions.run('platform', async (manager) => {
      const openrouter = await this.staged.read<SourceEntry>(manager, sync.id, 'openrouter');
      const litellm = await this.staged.read<LitellmEntry>(manager, sync.id, 'litellm');
      const endpoints = await this.staged.read<StagedEndpoints>(manager, sync.id, 'endpoints');
      const offers = endpoints.flatMap(({ key, document }): [string, readonly PriceOffer[]][] =>
        document.offers ? [[key, document.offers]] : [],
      );
      const joined = joinSources({
        openrouter: openrouter.map(({ document }) => document),
        litellm: litellm.map(({ document }) => document),
        endpoints: new Map(offers),
      });
      const known = await this.store.entries(manager);
      const drafts = joined.map((entry) => mergeEntry(entry, known.get(entry.id) ?? null, at));
      const rows = drafts.map((draft) => ({ key: draft.id, document: draft }));
      await this.staged.add(manager, sync.id, 'draft', rows);
      await this.syncs.advance(
        manager,
        sync,
        { step: 'judge', progress: { total: rows.length } },
        this.clock.now(),
      );
    });
  }
}
