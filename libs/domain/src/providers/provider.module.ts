import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProviderLookup } from './provider-lookup.service';
import { ProviderRepository } from './provider.repository';
import { ProviderService } from './provider.service';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [ProviderService, ProviderRepository, ProviderLookup],
  exports: [ProviderService, ProviderLookup],
})
export class ProvidersModule {}
