import { Module } from '@nestjs/common';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProvidersModule } from '@signalbox/domain/providers';
import { CredentialAsker } from './credential-asker.service';
import { CredentialCheckRepository } from './credential-check.repository';
import { CredentialCheckService } from './credential-check.service';
import { CredentialExpiryService } from './credential-expiry.service';
import { KeyTestService } from './key-test.service';
import { OutcomeWriter } from './outcome-writer.service';
import { ProbePermitRepository } from './probe-permits.repository';
import { ProviderProber } from './provider-prober.service';

@Module({
  imports: [CredentialsModule, NotificationsModule, ProjectionModule, ProvidersModule],
  providers: [
    CredentialCheckRepository,
    ProbePermitRepository,
    ProviderProber,
    CredentialAsker,
    OutcomeWriter,
    CredentialCheckService,
    CredentialExpiryService,
    KeyTestService,
  ],
  exports: [CredentialCheckService, CredentialExpiryService, KeyTestService, ProviderProber],
})
export class CredentialChecksModule {}
