import { Module } from '@nestjs/common';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { ModelsModule } from '@signalbox/domain/models';
import { OrganizationsModule } from '@signalbox/domain/organizations';
import { ProvidersModule } from '@signalbox/domain/providers';
import { ServiceTokensModule } from '@signalbox/domain/service-tokens';
import { VirtualKeyModule } from '@signalbox/domain/virtual-keys';
import { WorkspacesModule } from '@signalbox/domain/workspaces';
import { BootstrapRepository } from './bootstrap.repository';
import { BootstrapService } from './bootstrap.service';
import { FirstAccessStep } from './first-access.step';
import { FirstModelsStep } from './first-models.step';
import { FirstReleaseStep } from './first-release.step';
import { FirstTenantStep } from './first-tenant.step';

@Module({
  imports: [
    OrganizationsModule,
    WorkspacesModule,
    ProvidersModule,
    CredentialsModule,
    ModelsModule,
    ConfigReleasesModule,
    ServiceTokensModule,
    VirtualKeyModule,
  ],
  providers: [
    BootstrapRepository,
    FirstTenantStep,
    FirstModelsStep,
    FirstReleaseStep,
    FirstAccessStep,
    BootstrapService,
  ],
  exports: [BootstrapService],
})
export class BootstrapModule {}
