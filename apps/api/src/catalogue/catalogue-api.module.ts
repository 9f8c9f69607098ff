import { Module } from '@nestjs/common';
import { CatalogueSyncServiceModule } from '@signalbox/domain/catalogue';
import { CatalogueChangeController } from './catalogue-change.controller';
import { CatalogueSyncController } from './catalogue-sync.controller';

@Module({
  imports: [CatalogueSyncServiceModule],
  controllers: [CatalogueSyncController, CatalogueChangeController],
})
export class CatalogueApiModule {}
