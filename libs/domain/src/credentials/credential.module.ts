import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { ProvidersModule } from '@signalbox/domain/providers';
import { CredentialRepository } from './credential.repository';
import { CredentialService } from './credential.service';

@Module({
  imports: [AuditModule, ProvidersModule],
  providers: [CredentialService, CredentialRepository],
  exports: [CredentialService],
})
export class CredentialsModule {}
