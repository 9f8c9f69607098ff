import { type Clock, type Logger, pauseFor } from '@signalbox/common';
import type { TenantTransactions } from '@signalbox/database';
import type { RunnerAccess } from '@signalbox/domain/core';
import { LitellmPriceMapClient } from '../litellm-prices/litellm-price-map.client';
import { type SyncSource, syncSources } from '../merge/catalogue.types';
import { OpenrouterCatalogueClient } from '../openrouter/openrouter-catalogue.client';
import { CatalogueStoreRepository } from './catalogue-store.repository';
import { CatalogueSyncRepository } from './catalogue-sync.repository';
import { CatalogueSyncRunner } from './catalogue-sync.runner';
import type { CatalogueSyncService } from './catalogue-sync.service';
import { DoneStep } from './done.step';
import { FetchEndpointsStep } from './fetch-endpoints.step';
import { FetchLitellmPricesStep } from './fetch-litellm-prices.step';
import { FetchModelsStep } from './fetch-models.step';
import { HeldChangeRepository } from './held-change.repository';
import { JudgeStep } from './judge.step';
import { MergeStep } from './merge.step';
import { SkipSourceStep } from './skip-source.step';
import { StagedRepository } from './staged.repository';
import type { SyncStep } from './sync-step';
import type { SyncStepName } from './sync-steps';
import { VanishStep } from './vanish.step';
import { WriteStep } from './write.step';

export interface SyncSources {
  /** Who is asked; both if left out. */
  readonly asked?: readonly SyncSource[];
  readonly openrouterUrl: string;
  /** false: only an operator starts syncs. Daily if left out. */
  readonly isDaily?: boolean;
  readonly runner: RunnerAccess;
  /** For each request; the clients have their own if left out. */
  readonly timeoutMs?: number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface RunnerDependencies {
  readonly transactions: TenantTransactions;
  readonly service: CatalogueSyncService;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createSyncRunner(
  dependencies: RunnerDependencies,
  sources: SyncSources,
): CatalogueSyncRunner {
  const { transactions, clock } = dependencies;
  const syncs = new CatalogueSyncRepository();
  const staged = new StagedRepository();
  const store = new CatalogueStoreRepository();
  const limits = sources.timeoutMs === undefined ? {} : { timeoutMs: sources.timeoutMs };
  const pause = sources.pause ?? pauseFor;
  const openrouter = new OpenrouterCatalogueClient({ url: sources.openrouterUrl, clock, pause, ...limits });
  const litellm = new LitellmPriceMapClient({ ...sources.runner, clock, ...limits });
  const { asked = syncSources } = sources;
  const unlessLeftOut = (source: SyncSource, step: SyncStep): SyncStep =>
    asked.includes(source) ? step : new SkipSourceStep(transactions, syncs, staged, source, clock);
  const steps: Record<SyncStepName, SyncStep> = {
    fetch_models: unlessLeftOut(
      'openrouter',
      new FetchModelsStep(transactions, syncs, staged, openrouter, clock),
    ),
    fetch_endpoints: unlessLeftOut(
      'openrouter',
      new FetchEndpointsStep(transactions, syncs, staged, store, openrouter, clock),
    ),
    fetch_litellm_prices: unlessLeftOut(
      'litellm',
      new FetchLitellmPricesStep(transactions, syncs, staged, store, litellm, clock),
    ),
    merge: new MergeStep(transactions, syncs, staged, store, clock),
    judge: new JudgeStep(transactions, syncs, staged, store, new HeldChangeRepository(), clock),
    write: new WriteStep(transactions, syncs, staged, store, clock),
    vanish: new VanishStep(transactions, syncs, staged, store, clock),
    done: new DoneStep(transactions, syncs, staged, dependencies.service, clock),
  };
  return new CatalogueSyncRunner({
    ...dependencies,
    syncs,
    staged,
    steps,
    isDaily: sources.isDaily ?? true,
  });
}
