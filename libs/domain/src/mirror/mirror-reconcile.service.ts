import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { LitellmAdminClient } from '@signalbox/litellm-client';
import { failureReason } from './mirror-failure';
import { KeyReconciler } from './key-reconciler';
import { countDifferences, emptyReport, type MirrorReport } from './mirror-report';
import { MirrorReportService } from './mirror-report.service';
import { MirrorRepository } from './mirror.repository';
import { TeamMirrorService } from './team-mirror.service';
import { TeamReconciler } from './team-reconciler';

/** LiteLLM holds so much less than it should that its database must be another one. */
const lossRatio = 0.9;

/** Compares all of LiteLLM's keys and teams with PostgreSQL, and repairs. */
@Injectable()
export class MirrorReconcileService {
  private lastError: string | null = null;

  constructor(
    private readonly litellm: LitellmAdminClient,
    private readonly teamMirror: TeamMirrorService,
    private readonly teams: TeamReconciler,
    private readonly keys: KeyReconciler,
    private readonly reports: MirrorReportService,
    private readonly transactions: TenantTransactions,
    private readonly repository: MirrorRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * A cheap question, to be asked every few seconds: has LiteLLM lost a part of what it had, or did the last comparison
   * break off? The full comparison comes by schedule in any case.
   */
  async isNeeded(): Promise<boolean> {
    if (!(await this.litellm.instance()).hasDatabase) return false;
    if (this.lastError !== null) return true;
    const synced = await this.transactions.run('platform', (manager) => this.repository.countSynced(manager));
    return (
      (await this.litellm.keyCount()) < synced.keys * lossRatio ||
      (await this.litellm.teamCount()) < synced.teams * lossRatio
    );
  }

  /** The signal breaks it off between two pages; what was repaired until then stays repaired. */
  async run(signal: AbortSignal): Promise<MirrorReport> {
    const startedAt = this.clock.now();
    const report = emptyReport(startedAt);
    try {
      this.teamMirror.forgetSeen();
      await this.teams.reconcile(report, startedAt, signal);
      await this.keys.reconcile(report, startedAt, signal);
    } catch (error) {
      signal.throwIfAborted();
      report.error = failureReason(error) ?? 'LiteLLM does not answer.';
      this.tellError(report.error, error);
    }
    this.lastError = report.error;
    report.durationMs = this.clock.nowMs() - startedAt.getTime();
    await this.reports.keep(report);
    this.tell(report);
    return report;
  }

  /** The watch asks every few seconds, so the same trouble is told once. */
  private tellError(reason: string, error: unknown): void {
    if (reason !== this.lastError) this.logger.warn('the comparison with LiteLLM broke off', { error });
  }

  private tell(report: MirrorReport): void {
    const differences = countDifferences(report.keys) + countDifferences(report.teams);
    if (differences > 0) this.logger.warn('LiteLLM differed from PostgreSQL', { ...report });
    else this.logger.debug('LiteLLM agrees with PostgreSQL', { ...report });
  }
}
