import { Module } from '@nestjs/common';
import {
  CatalogueEntryModule,
  CatalogueSyncServiceModule,
  DeprecationModule,
} from '@signalbox/domain/catalogue';
import { CatalogueChangeController } from './catalogue-change.controller';
import { CatalogueEntryController } from './catalogue-entry.controller';
import { DeprecationController } from './deprecation.controller';
import { CatalogueSyncController } from './catalogue-sync.controller';

@Module({
  imports: [CatalogueEntryModule, CatalogueSyncServiceModule, DeprecationModule],
  // The wildcards of the entries come last, since they would take every other path for an id.
  controllers: [
    CatalogueSyncController,
    CatalogueChangeController,
    DeprecationController,
    CatalogueEntryController,
  ],
})
export class CatalogueApiModule {}
