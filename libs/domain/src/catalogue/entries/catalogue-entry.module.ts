import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { CatalogueEntryRepository } from './catalogue-entry.repository';
import { CatalogueEntryService } from './catalogue-entry.service';

@Module({
  imports: [AuditModule, OutboxModule],
  providers: [CatalogueEntryService, CatalogueEntryRepository],
  exports: [CatalogueEntryService],
})
export class CatalogueEntryModule {}
