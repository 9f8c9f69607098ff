export { DeprecationModule } from './deprecations/deprecation.module';
export { DeprecationService } from './deprecations/deprecation.service';
export type { Deprecation } from './deprecations/deprecation.types';
export { CatalogueEntryModule } from './entries/catalogue-entry.module';
export { CatalogueEntryService } from './entries/catalogue-entry.service';
export type {
  EntryWithPrices,
  ManualEntryChange,
  ManualPrice,
  ShownPrice,
} from './entries/catalogue-entry.types';
export { FactsModule } from './facts/facts.module';
export { FactsService } from './facts/facts.service';
export type { FactName, FactSource, MergedFacts } from './facts/facts.types';
export { CatalogueSyncModule, CatalogueSyncServiceModule } from './sync/catalogue-sync.module';
export { CatalogueSyncRunner } from './sync/catalogue-sync.runner';
export { CatalogueSyncService } from './sync/catalogue-sync.service';
export type { CatalogueSource, FieldProvenance, PriceTexts } from './merge/catalogue.types';
