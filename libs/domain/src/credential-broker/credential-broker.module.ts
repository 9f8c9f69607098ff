import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { AccessRecord } from './access-record';
import { CredentialBroker } from './credential-broker';
import { LeaseRepository } from './lease.repository';

@Module({
  imports: [AuditModule, CredentialsModule],
  providers: [LeaseRepository, AccessRecord, CredentialBroker],
  exports: [CredentialBroker],
})
export class CredentialBrokerModule {}
