import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { OutboxModule } from '@signalbox/domain/outbox';
import type { Pool } from 'pg';
import { KeyMirrorService } from './key-mirror.service';
import { KeyReconciler } from './key-reconciler';
import { LitellmKeyRestoreRepository } from './litellm-key-restore.repository';
import { openLitellmPool } from './litellm-pool.repository';
import { MirrorReconcileService } from './mirror-reconcile.service';
import { MirrorReportModule } from './mirror-report.service';
import { MirrorRepository } from './mirror.repository';
import { MirrorService } from './mirror.service';
import { LITELLM_POOL } from './mirror.tokens';
import { TeamMirrorService } from './team-mirror.service';
import { TeamReconciler } from './team-reconciler';

export interface MirrorOptions {
  litellmDatabaseUrl: string;
}

/** For the process that mirrors; it must also provide a LitellmAdminClient. Whoever only shows the report imports MirrorReportModule. */
@Module({})
export class MirrorModule implements OnApplicationShutdown {
  constructor(@Inject(LITELLM_POOL) private readonly pool: Pool) {}

  static forRoot({ litellmDatabaseUrl }: MirrorOptions): DynamicModule {
    return {
      module: MirrorModule,
      imports: [OutboxModule, MirrorReportModule],
      providers: [
        { provide: LITELLM_POOL, useFactory: () => openLitellmPool(litellmDatabaseUrl) },
        MirrorRepository,
        LitellmKeyRestoreRepository,
        TeamMirrorService,
        KeyMirrorService,
        MirrorService,
        TeamReconciler,
        KeyReconciler,
        MirrorReconcileService,
      ],
      exports: [MirrorService, MirrorReconcileService],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
