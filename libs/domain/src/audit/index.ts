export { auditHash, genesisHash } from './audit-hash';
export { AuditModule } from './audit.module';
export { AuditTrail, type AuditRecord } from './audit-trail.service';
