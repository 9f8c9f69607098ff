import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import { fingerprintOf } from '../merge/canonical-json';
import type { SourceEntry } from '../merge/catalogue.types';
import type { ModelPage, OpenrouterCatalogueClient } from '../openrouter/openrouter-catalogue.client';
import { parseOpenrouterModel } from '../openrouter/openrouter-model';
import { CatalogueSourceError } from '../sources/source-error';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository, StagedRow } from './staged.repository';
import type { SyncStep } from './sync-step';
import type { SyncProgress } from './sync-steps';

/** OpenRouter's largest page. */
const pageSize = 1_000;
/** Models come and go while pages are read; a list that lacks more than this was not the whole. */
const tolerated = 0.02;
/** A list that does not end. */
const mostModels = 100_000;
/** Where so many cannot be read, the form of the answer has changed. */
const worstMalformed = 1 / 3;

/** One page of OpenRouter's models after the other. */
export class FetchModelsStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly client: OpenrouterCatalogueClient,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity, signal: AbortSignal): Promise<void> {
    const { offset = 0 } = sync.progress as SyncProgress;
    if (offset > mostModels) throw new CatalogueSourceError(`OpenRouter's list has no end.`);
    const page = await this.client.models(offset, pageSize, signal);
    const parsed = page.models.map(parseOpenrouterModel);
    const good = parsed.flatMap((one) =>
      'entry' in one ? [{ key: one.entry.id, document: one.entry }] : [],
    );
    const bad = parsed.flatMap((one, index) =>
      'malformed' in one
        ? [{ key: one.malformed ?? `?${fingerprintOf(page.models[index])}`, document: {} }]
        : [],
    );
    await this.transactions.run('platform', async (manager) => {
      const added = await this.stage(manager, sync.id, good, bad);
      const next = offset + page.models.length;
      const isLast = isLastPage(page, next, added);
      if (isLast) await this.check(manager, sync.id, page.totalCount);
      const progress = { done: next, total: page.totalCount, offset: next };
      await this.syncs.advance(
        manager,
        sync,
        {
          step: isLast ? 'fetch_endpoints' : 'fetch_models',
          progress: isLast ? {} : progress,
          counts: { models: good.length, malformed: bad.length },
        },
        this.clock.now(),
      );
    });
  }

  private async stage(
    manager: EntityManager,
    syncId: string,
    good: readonly StagedRow<SourceEntry>[],
    bad: readonly StagedRow<object>[],
  ): Promise<number> {
    const models = await this.staged.add(manager, syncId, 'openrouter', good);
    return models + (await this.staged.add(manager, syncId, 'openrouter_malformed', bad));
  }

  /** @throws CatalogueSourceError when the list cannot be the whole one */
  private async check(manager: EntityManager, syncId: string, totalCount: number | null): Promise<void> {
    const good = (await this.staged.keys(manager, syncId, 'openrouter')).length;
    const bad = (await this.staged.keys(manager, syncId, 'openrouter_malformed')).length;
    if (good === 0) throw new CatalogueSourceError('OpenRouter answered with no model that could be read.');
    if (bad > (good + bad) * worstMalformed) {
      throw new CatalogueSourceError(`OpenRouter: ${bad} of ${good + bad} models could not be read.`);
    }
    if (totalCount !== null && good + bad < totalCount * (1 - tolerated)) {
      throw new CatalogueSourceError(`OpenRouter gave ${good + bad} of ${totalCount} models.`);
    }
  }
}

/** A server that knows no pages gives everything each time: then nothing is new. */
function isLastPage({ models, totalCount }: ModelPage, next: number, added: number): boolean {
  if (models.length === 0 || added === 0) return true;
  return totalCount !== null && next >= totalCount;
}
