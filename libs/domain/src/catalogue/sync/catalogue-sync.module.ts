import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { AuditModule } from '@signalbox/domain/audit';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { ProjectionModule } from '@signalbox/domain/projection';
import { CLOCK, LOGGER, RUNNER_ACCESS, type RunnerAccess } from '@signalbox/domain/core';
import { DeprecationModule } from '../deprecations/deprecation.module';
import { CatalogueStoreRepository } from './catalogue-store.repository';
import { createSyncRunner, type SyncSources } from './catalogue-sync-runner.factory';
import { CatalogueSyncRepository } from './catalogue-sync.repository';
import { CatalogueSyncRunner } from './catalogue-sync.runner';
import { CatalogueSyncService } from './catalogue-sync.service';
import { HeldChangeRepository } from './held-change.repository';

/** For whoever starts syncs, shows them and decides on held changes. */
@Module({
  imports: [AuditModule, DeprecationModule, NotificationsModule, ProjectionModule],
  providers: [CatalogueSyncService, CatalogueSyncRepository, HeldChangeRepository, CatalogueStoreRepository],
  exports: [CatalogueSyncService],
})
export class CatalogueSyncServiceModule {}

/** For the process that does the work. */
@Module({})
export class CatalogueSyncModule {
  static forRoot(sources: Pick<SyncSources, 'asked' | 'openrouterUrl' | 'isDaily'>): DynamicModule {
    const useFactory = (
      transactions: TenantTransactions,
      service: CatalogueSyncService,
      runner: RunnerAccess,
      clock: Clock,
      logger: Logger,
    ): CatalogueSyncRunner =>
      createSyncRunner({ transactions, service, clock, logger }, { ...sources, runner });
    return {
      module: CatalogueSyncModule,
      imports: [CatalogueSyncServiceModule],
      providers: [
        {
          provide: CatalogueSyncRunner,
          useFactory,
          inject: [TenantTransactions, CatalogueSyncService, RUNNER_ACCESS, CLOCK, LOGGER],
        },
      ],
      exports: [CatalogueSyncRunner],
    };
  }
}
