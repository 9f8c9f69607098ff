import { Injectable } from '@nestjs/common';
import { readProductVersion } from '@signalbox/config';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { HeartbeatProbe, type Heartbeats } from '@signalbox/domain/heartbeats';
import { MirrorReportService } from '@signalbox/domain/mirror';
import { findProblems } from './find-problems';
import { RunnerProbe, type RunnerReport } from './runner-probe';
import { SecretStoreProbe } from './secret-store-probe';
import { StatusRepository } from './status.repository';
import type { PlatformStatus, Status } from './status.types';

@Injectable()
export class StatusService {
  private readonly version = readProductVersion();

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: StatusRepository,
    private readonly runner: RunnerProbe,
    private readonly heartbeats: HeartbeatProbe,
    private readonly mirrorReports: MirrorReportService,
    private readonly secretStore: SecretStoreProbe,
  ) {}

  /** A part that is down makes the answer shorter, never slow: each look at one is bounded in time. */
  async get(caller: Caller): Promise<Status> {
    requireScope(caller, 'status:read');
    const isPlatform = caller.organizationId === null;
    const [stored, runner, beats] = await Promise.all([
      this.stored(caller),
      this.runner.look(),
      this.heartbeats.look(),
    ]);
    const status: Status = {
      version: this.version,
      databaseLatencyMs: stored.latencyMs,
      redisLatencyMs: beats?.latencyMs ?? null,
      litellm: runner?.litellm_status ?? 'unknown',
      litellmVersion: runner?.active?.litellm_version ?? null,
      credentials: stored.credentials,
      mirror: stored.mirror,
      platform: isPlatform ? await this.platformStatus(runner, beats) : null,
      problems: [],
    };
    return { ...status, problems: findProblems(status) };
  }

  private async stored(
    caller: Caller,
  ): Promise<{ latencyMs: number } & Pick<Status, 'credentials' | 'mirror'>> {
    const startedAt = performance.now();
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const latencyMs = performance.now() - startedAt;
      const workspaces = await this.repository.workspaceMirror(manager);
      const virtualKeys = await this.repository.virtualKeyMirror(manager);
      const credentials = await this.repository.credentials(manager);
      return { latencyMs, credentials, mirror: { workspaces, virtualKeys } };
    });
  }

  private async platformStatus(
    runner: RunnerReport | null,
    beats: Heartbeats | null,
  ): Promise<PlatformStatus> {
    const stored = await this.transactions.run('platform', async (manager) => ({
      activeRelease: await this.repository.release(manager, 'active'),
      applyingRelease: await this.repository.release(manager, 'applying'),
      outbox: await this.repository.outbox(manager),
    }));
    const [mirrorReport, secretStore] = await Promise.all([
      this.mirrorReports.last(),
      this.secretStore.look(),
    ]);
    const { edges = [], workers = [] } = beats ?? {};
    return { runner, edges, workers, mirrorReport, secretStore, ...stored };
  }
}
