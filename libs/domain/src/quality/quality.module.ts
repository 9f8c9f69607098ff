import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { QualityLookup } from './quality-lookup';
import { QualityRepository } from './quality.repository';
import { QualityService } from './quality.service';

@Module({
  imports: [AuditModule, OutboxModule],
  providers: [QualityService, QualityLookup, QualityRepository],
  exports: [QualityService, QualityLookup],
})
export class QualityModule {}
