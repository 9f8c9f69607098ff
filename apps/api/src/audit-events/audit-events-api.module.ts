import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { AuditEventController } from './audit-event.controller';

@Module({ imports: [AuditModule], controllers: [AuditEventController] })
export class AuditEventsApiModule {}
