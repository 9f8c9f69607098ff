import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import type { PriceOffer } from '../merge/catalogue.types';
import type { OpenrouterCatalogueClient } from '../openrouter/openrouter-catalogue.client';
import { parseEndpoints } from '../openrouter/openrouter-endpoints';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository, StagedRow } from './staged.repository';
import type { SyncStep } from './sync-step';
import { usedCatalogueIds } from './used-catalogue-ids';

const parallel = 4;
const pieceSize = 40;

/** offers null: OpenRouter has no endpoints of it, or says so in a form that nobody knows. */
export interface StagedEndpoints {
  readonly offers: readonly PriceOffer[] | null;
}
type Asked = PromiseSettledResult<StagedRow<StagedEndpoints>>;

/** What each provider asks, for the models that our deployments use. */
export class FetchEndpointsStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly client: OpenrouterCatalogueClient,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity, signal: AbortSignal): Promise<void> {
    const { wanted, missing } = await this.lookUp(sync.id);
    const asked = await this.askAll(missing.slice(0, pieceSize), signal);
    const rows = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failure = asked.find((one) => one.status === 'rejected');
    const isDone = !failure && rows.length === missing.length;
    // What was answered is kept, also when another model's answer failed.
    if (rows.length > 0 || isDone) {
      await this.transactions.run('platform', async (manager) => {
        await this.staged.add(manager, sync.id, 'endpoints', rows);
        await this.syncs.advance(
          manager,
          sync,
          {
            step: isDone ? 'fetch_litellm_prices' : 'fetch_endpoints',
            progress: isDone ? {} : { done: wanted - missing.length + rows.length, total: wanted },
            counts: { endpoints: rows.length },
          },
          this.clock.now(),
        );
      });
    }
    if (failure) throw failure.reason;
  }

  private async lookUp(syncId: string): Promise<{ wanted: number; missing: string[] }> {
    return this.transactions.run('platform', async (manager) => {
      const known = await this.staged.keys(manager, syncId, 'openrouter');
      const wanted = usedCatalogueIds(await this.store.usedModels(manager), known);
      const asked = new Set(await this.staged.keys(manager, syncId, 'endpoints'));
      return { wanted: wanted.length, missing: wanted.filter((id) => !asked.has(id)) };
    });
  }

  /** A few at a time; after a failure no further one is begun. */
  private async askAll(ids: readonly string[], signal: AbortSignal): Promise<Asked[]> {
    const waiting = [...ids];
    const results: Asked[] = [];
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const [result] = await Promise.allSettled([this.ask(id, signal)]);
        results.push(result);
        if (result.status === 'rejected') waiting.length = 0;
      }
    };
    await Promise.all(Array.from({ length: parallel }, lane));
    return results;
  }

  private async ask(id: string, signal: AbortSignal): Promise<StagedRow<StagedEndpoints>> {
    const answer = await this.client.endpoints(id, signal);
    return { key: id, document: { offers: answer === null ? null : parseEndpoints(answer) } };
  }
}
