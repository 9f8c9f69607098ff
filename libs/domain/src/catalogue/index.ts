export { FactsModule } from './facts/facts.module';
export { FactsService } from './facts/facts.service';
export type { FactName, FactSource, MergedFacts } from './facts/facts.types';
export { CatalogueSyncModule, CatalogueSyncServiceModule } from './sync/catalogue-sync.module';
export { CatalogueSyncRunner } from './sync/catalogue-sync.runner';
export { CatalogueSyncService } from './sync/catalogue-sync.service';
