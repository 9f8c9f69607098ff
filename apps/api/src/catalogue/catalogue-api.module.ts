import { Module } from '@nestjs/common';
import { CatalogueEntryModule, CatalogueSyncServiceModule } from '@signalbox/domain/catalogue';
import { CatalogueChangeController } from './catalogue-change.controller';
import { CatalogueEntryController } from './catalogue-entry.controller';
import { CatalogueSyncController } from './catalogue-sync.controller';

@Module({
  imports: [CatalogueEntryModule, CatalogueSyncServiceModule],
  // The wildcards of the entries come last, since they would take every other path for an id.
  controllers: [CatalogueSyncController, CatalogueChangeController, CatalogueEntryController],
})
export class CatalogueApiModule {}
