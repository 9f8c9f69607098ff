import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ProviderRepository } from './provider.repository';
import { ProviderService } from './provider.service';

@Module({
  imports: [AuditModule],
  providers: [ProviderService, ProviderRepository],
  exports: [ProviderService],
})
export class ProvidersModule {}
