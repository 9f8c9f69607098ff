import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import type { ApiConfig } from '@signalbox/config';
import { CoreModule } from '@signalbox/domain/core';
import { AuditEventsApiModule } from './audit-events/audit-events-api.module';
import { BrokerApiModule } from './broker/broker.module';
import { BenchmarksApiModule } from './benchmarks/benchmarks-api.module';
import { CatalogueApiModule } from './catalogue/catalogue-api.module';
import { ConfigReleaseApiModule } from './config-releases/config-release.module';
import { CredentialApiModule } from './credentials/credential.module';
import { HealthModule } from './health/health.module';
import { HttpModule } from './http/http.module';
import { LlmTestApiModule } from './llm-test/llm-test.module';
import { RunnerApiModule } from './internal/runner.module';
import { IntegrationsApiModule } from './integrations/integrations-api.module';
import { LlmUsersApiModule } from './llm-users/llm-users-api.module';
import { MaintenanceApiModule } from './maintenance/maintenance-api.module';
import { ModelApiModule } from './models/model.module';
import { ProviderApiModule } from './providers/provider.module';
import { OrganizationsApiModule } from './organizations/organizations-api.module';
import { QualityApiModule } from './quality/quality-api.module';
import { RotationApiModule } from './rotations/rotation.module';
import { ReplayApiModule } from './replay/replay-api.module';
import { RoutingApiModule } from './routing/routing-api.module';
import { ServiceTokensApiModule } from './service-tokens/service-tokens-api.module';
import { ServicesApiModule } from './services/services-api.module';
import { StatusApiModule } from './status/status-api.module';
import { UsageApiModule } from './usage/usage-api.module';
import { VirtualKeyApiModule } from './virtual-keys/virtual-key.module';
import { WebhooksApiModule } from './webhooks/webhooks-api.module';
import { WhoamiApiModule } from './whoami/whoami-api.module';
import { WorkspacesApiModule } from './workspaces/workspaces-api.module';

/** One line per feature, in the order of the documentation. */
const featureModules = [
  WhoamiApiModule,
  OrganizationsApiModule,
  WorkspacesApiModule,
  VirtualKeyApiModule,
  ServicesApiModule,
  ProviderApiModule,
  CredentialApiModule,
  LlmTestApiModule,
  LlmUsersApiModule,
  RotationApiModule,
  ModelApiModule,
  CatalogueApiModule,
  BenchmarksApiModule,
  RoutingApiModule,
  QualityApiModule,
  ReplayApiModule,
  ConfigReleaseApiModule,
  ServiceTokensApiModule,
  WebhooksApiModule,
  IntegrationsApiModule,
  MaintenanceApiModule,
  UsageApiModule,
  AuditEventsApiModule,
  StatusApiModule,
  HealthModule,
  RunnerApiModule,
  BrokerApiModule,
];

export interface AppOptions {
  config: ApiConfig;
  logger: Logger;
  clock?: Clock;
}

@Module({})
export class AppModule {
  static forRoot(options: AppOptions): DynamicModule {
    const core = CoreModule.forProcess('signalbox-api', options);
    return { module: AppModule, imports: [core, HttpModule.forRoot(options.config), ...featureModules] };
  }
}
