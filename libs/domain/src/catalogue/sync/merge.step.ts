import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import type { InForce } from '../anomalies/judge-sync';
import type { LitellmEntry } from '../litellm-prices/litellm-entry';
import type { PriceOffer, SourceEntry } from '../merge/catalogue.types';
import { joinSources, type Sources } from '../merge/join-sources';
import { mergeEntry } from '../merge/merge-entry';
import { askedSources } from './asked-sources';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedEndpoints } from './fetch-endpoints.step';
import { formerIdOf } from './former-id';
import { lastOfLitellm, lastOfOpenrouter } from './last-said';
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
      const known = await this.store.entries(manager);
      const sources = await askedSources(this.staged, manager, sync.id);
      // Of whom nothing was asked, the catalogue has the last word.
      const joined = joinSources({
        ...(sources.includes('openrouter')
          ? await this.openrouterOf(manager, sync.id)
          : lastOfOpenrouter(await this.inForce(manager, known))),
        litellm: sources.includes('litellm')
          ? await this.litellmOf(manager, sync.id)
          : lastOfLitellm(await this.inForce(manager, known)),
      });
      const ids = new Set(joined.map(({ id }) => id));
      const drafts = joined.map((entry) => {
        const formerId = formerIdOf(entry, known, ids);
        const current = known.get(formerId ?? entry.id) ?? null;
        const draft = mergeEntry(entry, current, at, formerId);
        return current ? { ...draft, madeFrom: current.fingerprint } : draft;
      });
      const rows = drafts.map((draft) => ({ key: draft.id, document: draft }));
      await this.staged.add(manager, sync.id, 'draft', rows);
      await this.syncs.advance(
        manager,
        sync,
        { step: 'judge', progress: { total: rows.length, sources } },
        this.clock.now(),
      );
    });
  }

  /** Prices are many, and nobody's where all sources were asked. */
  private async inForce(manager: EntityManager, entries: InForce['entries']): Promise<InForce> {
    return { entries, prices: await this.store.pricesInForce(manager, this.clock.now()) };
  }

  private async openrouterOf(
    manager: EntityManager,
    syncId: string,
  ): Promise<Pick<Sources, 'openrouter' | 'endpoints'>> {
    const models = await this.staged.read<SourceEntry>(manager, syncId, 'openrouter');
    const endpoints = await this.staged.read<StagedEndpoints>(manager, syncId, 'endpoints');
    const offers = endpoints.flatMap(({ key, document }): [string, readonly PriceOffer[]][] =>
      document.offers ? [[key, document.offers]] : [],
    );
    return { openrouter: models.map(({ document }) => document), endpoints: new Map(offers) };
  }

  private async litellmOf(manager: EntityManager, syncId: string): Promise<LitellmEntry[]> {
    const rows = await this.staged.read<LitellmEntry>(manager, syncId, 'litellm');
    return rows.map(({ document }) => document);
  }
}
