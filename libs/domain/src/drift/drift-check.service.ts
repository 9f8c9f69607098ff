import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { ConfigReleaseService, type CurrentReleases, RunnerControl } from '@signalbox/domain/config-releases';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { LitellmAdminClient } from '@signalbox/litellm-client';
import { setTimeout as delay } from 'node:timers/promises';
import { type DriftFinding, type DriftRepair, type DriftReport, isDrift } from './drift-report';
import { DriftReportService } from './drift-report.service';
import { judgeDrift, type Seen } from './judge-drift';

/** Between the runner's switch and everybody's knowledge of it lies a moment that looks like drift or an outage. */
const confirmAfterMs = 3_000;
const caller = systemCaller('drift');

/** Compares what LiteLLM runs with what was released, and repairs. */
@Injectable()
export class DriftCheckService {
  constructor(
    private readonly releases: ConfigReleaseService,
    private readonly runner: RunnerControl,
    private readonly litellm: LitellmAdminClient,
    private readonly reports: DriftReportService,
    private readonly transactions: TenantTransactions,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async check(confirmMs = confirmAfterMs): Promise<DriftReport> {
    let { finding, current } = await this.look();
    if (isDrift(finding) || finding.state === 'unreachable') {
      await delay(confirmMs);
      ({ finding, current } = await this.look());
    }
    const previous = await this.reports.last();
    const report: DriftReport = {
      ...finding,
      checkedAt: this.clock.now().toISOString(),
      repair: await this.repair(finding, current),
      driftSince: this.driftSince(finding, previous),
    };
    await this.recordChange(report, previous);
    await this.reports.keep(report);
    return report;
  }

  private async look(): Promise<{ finding: DriftFinding; current: CurrentReleases }> {
    const seen = await this.seeLitellm();
    // Read after LiteLLM was asked: a release that began meanwhile is seen, and explains a difference.
    const current = await this.releases.current(caller);
    return { finding: judgeDrift(current, seen), current };
  }

  private async seeLitellm(): Promise<Seen> {
    try {
      const { releaseId } = await this.litellm.instance();
      const models = await this.litellm.models();
      return { isReachable: true, releaseId, deploymentIds: models.map(({ model_info }) => model_info.id) };
    } catch (error) {
      return { isReachable: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** A restart is tried once: if the newest release was made for it, and failed or still differs, a person must look. */
  private async repair({ state }: DriftFinding, { active }: CurrentReleases): Promise<DriftRepair> {
    if (state === 'other_release') {
      await this.runner.wake();
      return 'runner_woken';
    }
    if (state !== 'different_deployments' || !active) return 'none';
    const { data } = await this.releases.list(caller, {}, 1);
    if (data[0]?.createdBy === caller.actorId) return 'given_up';
    try {
      const note = `Started anew: LiteLLM showed other deployments than release ${active.number}`;
      await this.releases.rollback(caller, active.id, { force: true, note });
      return 'restart_released';
    } catch (error) {
      const isBusy = error instanceof AppError && error.code === 'config_release_in_progress';
      if (!isBusy) throw error;
      return 'none';
    }
  }

  /** While LiteLLM cannot be seen, nothing is known to be resolved. */
  private driftSince(finding: DriftFinding, previous: DriftReport | null): string | null {
    if (isDrift(finding)) return previous?.driftSince ?? this.clock.now().toISOString();
    return finding.state === 'in_sync' ? null : (previous?.driftSince ?? null);
  }

  private async recordChange(report: DriftReport, previous: DriftReport | null): Promise<void> {
    const wasDrifting = (previous?.driftSince ?? null) !== null;
    const isDrifting = report.driftSince !== null;
    if (wasDrifting === isDrifting || report.activeReleaseId === null) return;
    const { state, runningReleaseId, missing, unexpected, repair } = report;
    const action = isDrifting ? 'config_drift.found' : 'config_drift.resolved';
    this.logger.warn(isDrifting ? 'LiteLLM drifted' : 'drift resolved', { state, repair, runningReleaseId });
    const targetId = report.activeReleaseId;
    await this.transactions.run('platform', (manager) =>
      this.audit.record(manager, caller, {
        action,
        targetType: 'config_release',
        targetId,
        organizationId: null,
        changes: { state, runningReleaseId, missing, unexpected, repair },
      }),
    );
  }
}
