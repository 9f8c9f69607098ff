import { Module } from '@nestjs/common';
import { CatalogueEntryRepository } from '../entries/catalogue-entry.repository';
import { FactsRepository } from '../facts/facts.repository';
import { DeprecationRepository } from './deprecation.repository';
import { DeprecationService } from './deprecation.service';

@Module({
  providers: [DeprecationService, DeprecationRepository, CatalogueEntryRepository, FactsRepository],
  exports: [DeprecationService],
})
export class DeprecationModule {}
