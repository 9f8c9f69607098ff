import type { Clock } from '@signalbox/common';
import type { CatalogueSyncEntity, TenantTransactions } from '@signalbox/database';
import { type LitellmEntry, parseLitellmEntry } from '../litellm-prices/litellm-entry';
import type { LitellmPriceMapClient, PriceMap } from '../litellm-prices/litellm-price-map.client';
import { sourceOfEntry } from '../merge/source-of-entry';
import { CatalogueSourceError } from '../sources/source-error';
import type { CatalogueStoreRepository } from './catalogue-store.repository';
import type { CatalogueSyncRepository } from './catalogue-sync.repository';
import type { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';
import { usedLitellmKeys } from './used-catalogue-ids';

const worstMalformed = 1 / 3;

/** The price map of the LiteLLM that is installed. It is parsed as a whole before anything of it is used. */
export class FetchLitellmPricesStep implements SyncStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly syncs: CatalogueSyncRepository,
    private readonly staged: StagedRepository,
    private readonly store: CatalogueStoreRepository,
    private readonly client: LitellmPriceMapClient,
    private readonly clock: Clock,
  ) {}

  async work(sync: CatalogueSyncEntity, signal: AbortSignal): Promise<void> {
    const map = await this.client.fetch(signal);
    await this.transactions.run('platform', async (manager) => {
      const wanted = usedLitellmKeys(await this.store.usedModels(manager));
      for (const [id, { provenance }] of await this.store.entries(manager)) {
        // One that is in the catalogue stays in it, also when nobody uses it any more.
        if (sourceOfEntry(provenance) === 'litellm') wanted.add(id);
      }
      const { entries, malformed } = parseAll(map, wanted);
      const rows = entries.map((entry) => ({ key: `${entry.kind} ${entry.upstreamModel}`, document: entry }));
      await this.staged.add(manager, sync.id, 'litellm', rows);
      await this.syncs.advance(
        manager,
        sync,
        {
          step: 'merge',
          progress: { litellm_version: map.version, litellm_sha256: map.sha256 },
          counts: { litellm_entries: entries.length, malformed },
        },
        this.clock.now(),
      );
    });
  }
}

/** @throws CatalogueSourceError when the form of the entries has changed */
function parseAll(
  map: PriceMap,
  wanted: ReadonlySet<string>,
): { entries: LitellmEntry[]; malformed: number } {
  const parsed = Object.entries(map.entries).map(([key, raw]) => parseLitellmEntry(key, raw, wanted));
  const entries = parsed.flatMap((one) => (typeof one === 'object' ? [one.entry] : []));
  const malformed = parsed.filter((one) => one === 'malformed').length;
  if (entries.length > 0 && malformed <= parsed.length * worstMalformed) return { entries, malformed };
  throw new CatalogueSourceError(
    `LiteLLM's price map: ${malformed} of ${parsed.length} entries could not be read.`,
  );
}
