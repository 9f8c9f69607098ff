import { type DynamicModule, Module } from '@nestjs/common';
import { type Clock, type Logger, pauseFor } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { AuditModule } from '@signalbox/domain/audit';
import { FactsModule } from '@signalbox/domain/catalogue';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { QualityModule, QualityService } from '@signalbox/domain/quality';
import { VirtualKeyModule } from '@signalbox/domain/virtual-keys';
import { BenchmarkCallClient } from './calls/benchmark-call.client';
import { BenchmarkKeys } from './runs/benchmark-keys';
import { BenchmarkRunRepository } from './runs/benchmark-run.repository';
import { BenchmarkRunService } from './runs/benchmark-run.service';
import { BenchmarkRunner } from './runs/benchmark-runner';
import { BenchmarkTenants } from './runs/benchmark-tenant';
import { BenchmarkTenantRepository } from './runs/benchmark-tenant.repository';
import { RunStarter } from './runs/run-starter';
import { BenchmarkScheduleRepository } from './schedules/benchmark-schedule.repository';
import { BenchmarkScheduleService } from './schedules/benchmark-schedule.service';
import { BenchmarkPrices } from './spending/benchmark-prices';
import { SpendingRepository } from './spending/spending.repository';

/** For whoever starts runs and shows them. */
@Module({
  imports: [AuditModule, ProjectionModule, FactsModule],
  providers: [
    BenchmarkRunService,
    BenchmarkScheduleService,
    BenchmarkRunRepository,
    BenchmarkScheduleRepository,
    SpendingRepository,
    BenchmarkPrices,
    RunStarter,
  ],
  exports: [
    BenchmarkRunService,
    BenchmarkScheduleService,
    BenchmarkRunRepository,
    SpendingRepository,
    BenchmarkPrices,
  ],
})
export class BenchmarkServiceModule {}

/** For the process that makes the calls. */
@Module({})
export class BenchmarksModule {
  /** @param timeoutMs of each call; the client's own if left out */
  static forRoot({ edgeUrl, timeoutMs }: { edgeUrl: string; timeoutMs?: number }): DynamicModule {
    const useFactory = (
      transactions: TenantTransactions,
      runs: BenchmarkRunRepository,
      schedules: BenchmarkScheduleService,
      spending: SpendingRepository,
      prices: BenchmarkPrices,
      keys: BenchmarkKeys,
      quality: QualityService,
      clock: Clock,
      logger: Logger,
    ): BenchmarkRunner =>
      new BenchmarkRunner({
        transactions,
        runs,
        schedules,
        spending,
        prices,
        keys,
        quality,
        clock,
        logger,
        client: new BenchmarkCallClient(edgeUrl, timeoutMs),
        pause: pauseFor,
      });
    return {
      module: BenchmarksModule,
      imports: [
        BenchmarkServiceModule,
        AuditModule,
        OutboxModule,
        ProjectionModule,
        VirtualKeyModule,
        QualityModule,
      ],
      providers: [
        BenchmarkTenants,
        BenchmarkTenantRepository,
        BenchmarkKeys,
        {
          provide: BenchmarkRunner,
          useFactory,
          inject: [
            TenantTransactions,
            BenchmarkRunRepository,
            BenchmarkScheduleService,
            SpendingRepository,
            BenchmarkPrices,
            BenchmarkKeys,
            QualityService,
            CLOCK,
            LOGGER,
          ],
        },
      ],
      exports: [BenchmarkRunner],
    };
  }
}
