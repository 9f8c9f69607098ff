import { Module } from '@nestjs/common';
import { AuditEventRepository } from './audit-event.repository';
import { AuditEventService } from './audit-event.service';
import { AuditTrail } from './audit-trail.service';
import { AuditVerificationService } from './audit-verification.service';

@Module({
  providers: [AuditTrail, AuditEventRepository, AuditEventService, AuditVerificationService],
  exports: [AuditTrail, AuditEventService, AuditVerificationService],
})
export class AuditModule {}
