import { ManualClock, silentLogger } from '@signalbox/common';
import { type ConfigReleaseEntity, DeploymentEntity, ModelEntity, ProviderEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import { ConfigReleaseService } from '../../libs/domain/src/config-releases/config-release.service';
import { ConfigSnapshotRepository } from '../../libs/domain/src/config-releases/config-snapshot.repository';
import { ReleaseSignal } from '../../libs/domain/src/config-releases/release-signal';
import { ReleasedConfigs } from '../../libs/domain/src/config-releases/released-configs';
import { ReleaseRepository } from '../../libs/domain/src/config-releases/release.repository';
import type { RunnerControl } from '../../libs/domain/src/config-releases/runner-control';
import {
  type DesiredRelease,
  type ReportResult,
  RunnerReleaseService,
} from '../../libs/domain/src/config-releases/runner-release.service';
import type { RunnerReport } from '../../libs/domain/src/config-releases/runner-report';
import type { TestDatabase } from './test-database';

const providerId = 'prov_bench';

/** The services of one API process over a real PostgreSQL; the runner's part is played by the test. */
export class ReleaseBench {
  readonly caller = systemCaller('test');
  readonly clock = new ManualClock();
  readonly audit = new AuditTrail(this.clock);
  wokenCount = 0;
  projectedCount = 0;
  readonly releases: ConfigReleaseService;
  readonly runner: RunnerReleaseService;
  private modelCount = 0;

  private constructor(readonly database: TestDatabase) {
    ({ releases: this.releases, runner: this.runner } = this.anotherProcess());
  }

  /** On an empty catalogue. The audit trail is append-only and stays. */
  static async on(database: TestDatabase): Promise<ReleaseBench> {
    const bench = new ReleaseBench(database);
    for (const table of ['config_releases', 'outbox_items', 'deployments', 'models', 'providers']) {
      await bench.sql(`DELETE FROM ${table}`);
    }
    await bench.database.transactions.run('platform', (manager) =>
      manager.insert(ProviderEntity, { id: providerId, name: 'demo', kind: 'demo' }),
    );
    return bench;
  }

  /** Services that share nothing with the others but PostgreSQL. */
  anotherProcess(): { releases: ConfigReleaseService; runner: RunnerReleaseService } {
    const repository = new ReleaseRepository();
    const signal = new ReleaseSignal();
    const control = { wake: async () => void (this.wokenCount += 1) } as RunnerControl;
    const projection = {
      drainNow: async () => void (this.projectedCount += 1),
    } as unknown as ProjectionService;
    const { audit, clock } = this;
    const { transactions } = this.database;
    const snapshots = new ConfigSnapshotRepository();
    const outbox = new OutboxRepository();
    return {
      releases: new ConfigReleaseService(
        transactions,
        repository,
        snapshots,
        new ReleasedConfigs(),
        audit,
        signal,
        control,
        clock,
      ),
      runner: new RunnerReleaseService(
        transactions,
        repository,
        audit,
        outbox,
        projection,
        signal,
        control,
        clock,
        silentLogger,
      ),
    };
  }

  sql<Result>(sql: string, parameters: unknown[] = []): Promise<Result> {
    return this.database.transactions.run('platform', (manager) => manager.query<Result>(sql, parameters));
  }

  /** Makes the next apply a change. @returns the new deployment's id */
  async addModel(): Promise<string> {
    this.modelCount += 1;
    const modelId = `mdl_${this.modelCount}`;
    const id = `dep_${String(this.modelCount).padStart(4, '0')}`;
    await this.database.transactions.run('platform', async (manager) => {
      await manager.insert(ModelEntity, { id: modelId, name: `model-${this.modelCount}` });
      const deployment = { id, modelId, providerId, upstreamModel: 'demo', litellmParams: {} };
      await manager.insert(DeploymentEntity, deployment);
    });
    return id;
  }

  async applyChange(): Promise<ConfigReleaseEntity> {
    await this.addModel();
    return this.releases.apply(this.caller);
  }

  async activateChange(): Promise<ConfigReleaseEntity> {
    const release = await this.applyChange();
    await this.report(release.id, 'active', { deploymentIds: release.deploymentIds });
    return this.get(release.id);
  }

  report(
    releaseId: string,
    phase: RunnerReport['phase'],
    more: Partial<RunnerReport> = {},
  ): Promise<ReportResult> {
    return this.runner.report(this.caller, { releaseId, phase, ...more });
  }

  desired(haveId: string | null = null, waitMs = 0): Promise<DesiredRelease | null> {
    return this.runner.nextRelease(this.caller, { haveId, waitMs });
  }

  get(id: string): Promise<ConfigReleaseEntity> {
    return this.releases.get(this.caller, id);
  }

  async statusOf(id: string): Promise<string> {
    return (await this.get(id)).status;
  }

  async activeId(): Promise<string | null> {
    return (await this.releases.current(this.caller)).active?.id ?? null;
  }
}
