import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProvidersModule } from '@signalbox/domain/providers';
import { SecretsModule } from '@signalbox/domain/secrets';
import { CredentialAnnouncer } from './credential-announcer';
import { CredentialRepository } from './credential.repository';
import { CredentialService } from './credential.service';
import { CredentialVersions } from './credential-versions';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule, ProvidersModule, SecretsModule],
  providers: [CredentialService, CredentialRepository, CredentialVersions, CredentialAnnouncer],
  exports: [CredentialService, CredentialVersions, CredentialAnnouncer],
})
export class CredentialsModule {}
