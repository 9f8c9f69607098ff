import { Module } from '@nestjs/common';
import { CredentialChecksModule } from '@signalbox/domain/credential-checks';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { EdgeTraffic } from './edge-traffic.service';
import { ProviderHealthRepository } from './provider-health.repository';
import { ProviderHealthService } from './provider-health.service';
import { ProviderProbe } from './provider-probe.service';

@Module({
  imports: [CredentialChecksModule, CredentialsModule, NotificationsModule],
  providers: [ProviderHealthService, ProviderHealthRepository, EdgeTraffic, ProviderProbe],
  exports: [ProviderHealthService],
})
export class ProviderHealthModule {}
