import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import type { WorkerConfig } from '@signalbox/config';
import { BenchmarksModule } from '@signalbox/domain/benchmarks';
import { CatalogueSyncModule, FactsModule } from '@signalbox/domain/catalogue';
import { ConfigReleasesModule } from '@signalbox/domain/config-releases';
import { CoreModule } from '@signalbox/domain/core';
import { CredentialChecksModule } from '@signalbox/domain/credential-checks';
import { CredentialsImportModule } from '@signalbox/domain/credentials-import';
import { DriftCheckModule } from '@signalbox/domain/drift';
import { AttemptModule } from '@signalbox/domain/attempts';
import { HousekeepingModule } from '@signalbox/domain/housekeeping';
import { MaintenanceModule } from '@signalbox/domain/maintenance';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { MirrorModule } from '@signalbox/domain/mirror';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProviderHealthModule } from '@signalbox/domain/provider-health';
import { RotationsModule } from '@signalbox/domain/rotations';
import { UsageIntakeModule } from '@signalbox/domain/usage';
import { BenchmarkProcessor } from './benchmarks/benchmark.processor';
import { CatalogueProcessor } from './catalogue/catalogue.processor';
import { ConfigReleaseProcessor } from './config-releases/config-release.processor';
import { AttemptLoop } from './attempts/attempt-loop';
import { WorkerHealth } from './health/worker-health';
import { WorkerMetrics } from './health/worker-metrics';
import { CredentialCheckProcessor } from './credential-checks/credential-check.processor';
import { CredentialImportProcessor } from './credentials-import/credential-import.processor';
import { HeartbeatLoop } from './heartbeat/heartbeat-loop';
import { HousekeepingProcessor } from './housekeeping/housekeeping.processor';
import { JobTable } from './jobs/job-table';
import { JobWorkers } from './jobs/job-workers';
import { ScheduleKeeper } from './jobs/schedule-keeper';
import { LitellmModule } from './litellm/litellm.module';
import { MaintenanceProcessor } from './maintenance/maintenance.processor';
import { MirrorWatchLoop } from './mirror/mirror-watch-loop';
import { MirrorProcessor } from './mirror/mirror.processor';
import { NotificationProcessor } from './notifications/notification.processor';
import { OutboxLoops } from './outbox/outbox-loops';
import { ProjectionLoop } from './projection/projection-loop';
import { ProjectionProcessor } from './projection/projection.processor';
import { ProviderHealthProcessor } from './provider-health/provider-health.processor';
import { RotationLoop } from './rotations/rotation-loop';
import { RotationProcessor } from './rotations/rotation.processor';
import { UsageLoop } from './usage/usage-loop';
import { WORKER_CONFIG } from './worker-config.token';
import { WorkerRuntime } from './worker-runtime';

export interface WorkerOptions {
  config: WorkerConfig;
  logger: Logger;
  clock?: Clock;
}

/** The worker's features. Each has a folder with a processor (jobs) or a loop (what must not depend on the queue). */
@Module({})
export class WorkerModule {
  static forRoot(options: WorkerOptions): DynamicModule {
    const { config } = options;
    const core = CoreModule.forProcess('signalbox-worker', options);
    return {
      module: WorkerModule,
      imports: [
        core,
        LitellmModule.forRoot(config),
        ProjectionModule,
        FactsModule,
        AttemptModule,
        UsageIntakeModule,
        HousekeepingModule,
        MaintenanceModule,
        NotificationsModule,
        MirrorModule.forRoot({ litellmDatabaseUrl: config.litellmDatabaseUrl }),
        ConfigReleasesModule,
        DriftCheckModule,
        CredentialChecksModule,
        CredentialsImportModule,
        RotationsModule,
        ProviderHealthModule,
        BenchmarksModule.forRoot({ edgeUrl: config.edgeUrl }),
        CatalogueSyncModule.forRoot({
          asked: config.catalogueSources,
          openrouterUrl: config.openrouterUrl,
          isDaily: config.catalogueSync === 'daily',
        }),
      ],
      providers: [
        { provide: WORKER_CONFIG, useValue: config },
        OutboxLoops,
        ProjectionLoop,
        ProjectionProcessor,
        RotationLoop,
        RotationProcessor,
        ConfigReleaseProcessor,
        MirrorWatchLoop,
        MirrorProcessor,
        AttemptLoop,
        UsageLoop,
        CredentialCheckProcessor,
        CredentialImportProcessor,
        CatalogueProcessor,
        ProviderHealthProcessor,
        BenchmarkProcessor,
        HousekeepingProcessor,
        MaintenanceProcessor,
        NotificationProcessor,
        HeartbeatLoop,
        ScheduleKeeper,
        JobTable,
        JobWorkers,
        WorkerRuntime,
        WorkerHealth,
        WorkerMetrics,
      ],
    };
  }
}
