export type { AuditEventFilter } from './audit-event.repository';
export { AuditEventService } from './audit-event.service';
export { AuditModule } from './audit.module';
export { AuditTrail, type AuditRecord } from './audit-trail.service';
export { AuditVerificationService, type ChainVerification } from './audit-verification.service';
