import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProvidersModule } from '@signalbox/domain/providers';
import { SecretsModule } from '@signalbox/domain/secrets';
import { CredentialAnnouncer } from './credential-announcer';
import { CheckedSettings } from './credential-checked-settings';
import { CredentialOwners } from './credential-owners';
import { CredentialRemoval } from './credential-removal';
import { CredentialReplacementService } from './credential-replacement.service';
import { CredentialRevealService } from './credential-reveal.service';
import { CredentialRepository } from './credential.repository';
import { CredentialSecrets } from './credential-secrets';
import { CredentialService } from './credential.service';
import { CredentialVersions } from './credential-versions';
import { CredentialWrites } from './credential-writes';
import { EnvironmentCredentialService } from './environment-credential.service';
import { MemberCredentialService } from './member-credential.service';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule, ProvidersModule, SecretsModule],
  providers: [
    CredentialRepository,
    CredentialWrites,
    CredentialOwners,
    CheckedSettings,
    CredentialVersions,
    CredentialSecrets,
    CredentialAnnouncer,
    CredentialRemoval,
    CredentialService,
    CredentialReplacementService,
    CredentialRevealService,
    MemberCredentialService,
    EnvironmentCredentialService,
  ],
  exports: [
    CheckedSettings,
    CredentialVersions,
    CredentialSecrets,
    CredentialAnnouncer,
    CredentialRemoval,
    CredentialService,
    CredentialReplacementService,
    CredentialRevealService,
    MemberCredentialService,
    EnvironmentCredentialService,
  ],
})
export class CredentialsModule {}
