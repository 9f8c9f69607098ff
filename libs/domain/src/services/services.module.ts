import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ServiceRepository } from './service.repository';
import { ServiceService } from './service.service';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [ServiceRepository, ServiceService],
  exports: [ServiceService],
})
export class ServicesModule {}
