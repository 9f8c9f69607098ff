import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type Logger, redact } from '@signalbox/common';
import { type ConfigReleaseEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requirePlatform, systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { ReleaseSignal } from './release-signal';
import { ReleaseRepository } from './release.repository';
import { RunnerControl } from './runner-control';
import { idMismatch, type RunnerReport, verificationOf } from './runner-report';

export interface DesiredRelease {
  role: 'candidate' | 'active';
  release: ConfigReleaseEntity;
}

export interface ReleaseWait {
  /** What the runner has already. */
  haveId: string | null;
  waitMs: number;
  /** Asked every second: nobody waits any more. */
  isAbandoned?: () => boolean;
}

export interface ReportResult {
  accepted: true;
  /** The report came too late, or again: nothing was changed by it. */
  ignored: boolean;
}

const catalogueTopics = ['project.catalogue'] as const;
const catalogueSubject = 'current';
/** What is known of a deployment is known of what it calls. */
const factsTopics = ['project.facts'] as const;
const factsSubject = 'current';
const lookEveryMs = 1_000;
/** LiteLLM starts in 10 to 20 s; the runner reports each step. Whoever is silent this long is not coming back. */
export const silenceLimitMs = 5 * 60_000;

export const runnerCaller: Caller = systemCaller('runner');

/** The runner's side of a release: what it should run, and what became of it. */
@Injectable()
export class RunnerReleaseService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly releases: ReleaseRepository,
    private readonly audit: AuditTrail,
    private readonly outbox: OutboxRepository,
    private readonly projection: ProjectionService,
    private readonly signal: ReleaseSignal,
    private readonly runner: RunnerControl,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The release being applied, else the active one; null: none, or still the one that the runner has. */
  async nextRelease(
    caller: Caller,
    { haveId, waitMs, isAbandoned }: ReleaseWait,
  ): Promise<DesiredRelease | null> {
    requirePlatform(caller);
    const endMs = performance.now() + waitMs;
    for (;;) {
      const desired = await this.transactions.run('platform', (manager) => this.desired(manager));
      if (desired && desired.release.id !== haveId) return desired;
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || isAbandoned?.()) return null;
      await this.signal.next(Math.min(leftMs, lookEveryMs));
    }
  }

  /** Safe to repeat and safe to come late: see docs/config-releases.md. */
  async report(caller: Caller, report: RunnerReport): Promise<ReportResult> {
    requirePlatform(caller);
    const clean = { ...report, detail: report.detail === undefined ? undefined : redact(report.detail) };
    const isChanged = await this.transactions.run('platform', (manager) => this.take(manager, caller, clean));
    if (!isChanged) {
      this.logger.info('a report of the runner changed nothing', {
        release: report.releaseId,
        phase: report.phase,
      });
      return { accepted: true, ignored: true };
    }
    this.signal.notify();
    if (report.phase === 'active') await this.projection.drainNow(catalogueTopics, catalogueSubject);
    return { accepted: true, ignored: false };
  }

  /** Ends what the runner left lying, so that the next release can be applied. @returns ids of failed releases */
  async failSilent(caller: Caller): Promise<string[]> {
    requirePlatform(caller);
    const before = new Date(this.clock.nowMs() - silenceLimitMs);
    const failed = await this.transactions.run('platform', async (manager) => {
      const silent = await this.releases.listSilent(manager, before);
      const reason = `The runner was not heard of for ${silenceLimitMs / 60_000} minutes. Check that it runs and reaches the API's internal port (GET /api/v1/status), then apply again.`;
      // The phase stays what was heard last, so that it can be told from a failure that the runner saw.
      for (const { id } of silent) await this.fail(manager, caller, id, { failure: reason });
      return silent.map(({ id }) => id);
    });
    if (failed.length === 0) return failed;
    this.signal.notify();
    await this.runner.wake();
    return failed;
  }

  private async desired(manager: EntityManager): Promise<DesiredRelease | null> {
    const candidate = await this.releases.findByStatus(manager, 'applying');
    if (candidate) return { role: 'candidate', release: candidate };
    const active = await this.releases.findByStatus(manager, 'active');
    return active ? { role: 'active', release: active } : null;
  }

  /** @returns whether anything changed */
  private async take(manager: EntityManager, caller: Caller, report: RunnerReport): Promise<boolean> {
    // The row's lock puts reports of one release in a line.
    const release = await this.releases.findForUpdate(manager, report.releaseId);
    if (!release) return false;
    const at = this.clock.now();
    const verification = verificationOf(report, at);
    switch (report.phase) {
      case 'starting':
      case 'verifying':
        return this.releases.setPhase(manager, release.id, report.phase, at);
      case 'failed':
        if (release.status === 'active') {
          return this.releases.setVerification(manager, release.id, { ...verification, failed: true }, at);
        }
        return this.fail(manager, caller, release.id, {
          failure: report.detail ?? 'The runner gave no reason.',
          phase: 'failed',
          verification,
        });
      case 'active':
        return this.takeActive(manager, caller, release, report, verification);
    }
  }

  private async takeActive(
    manager: EntityManager,
    caller: Caller,
    release: ConfigReleaseEntity,
    report: RunnerReport,
    verification: Record<string, unknown>,
  ): Promise<boolean> {
    const at = this.clock.now();
    if (release.status === 'active') {
      return this.releases.setVerification(manager, release.id, verification, at);
    }
    const mayBecomeActive = release.status === 'applying' || (await this.isOnlyCandidate(manager, release));
    if (!mayBecomeActive) return false;
    const mismatch = idMismatch(release.deploymentIds, report.deploymentIds);
    if (mismatch !== null) {
      return this.fail(manager, caller, release.id, { failure: mismatch, phase: 'failed', verification });
    }
    await this.releases.supersedeActive(manager, at);
    await this.releases.activate(manager, release.id, release.status, verification, at);
    await this.outbox.add(manager, catalogueTopics, catalogueSubject, null);
    await this.outbox.add(manager, factsTopics, factsSubject, null);
    await this.record(manager, caller, 'config_release.activated', release.id, {
      number: release.number,
      litellmVersion: report.litellmVersion ?? null,
      durationMs: report.durationMs ?? null,
    });
    return true;
  }

  /**
   * A release that only the watchdog gave up, and that serves after all while nothing else does or was made since:
   * what runs is then also what counts. Where another release is active, the runner is sent back to that one.
   */
  private async isOnlyCandidate(manager: EntityManager, release: ConfigReleaseEntity): Promise<boolean> {
    if (release.status !== 'failed' || release.phase === 'failed') return false;
    if (await this.releases.findByStatus(manager, 'active')) return false;
    return (await this.releases.lastNumber(manager)) === release.number;
  }

  private async fail(
    manager: EntityManager,
    caller: Caller,
    id: string,
    outcome: Parameters<ReleaseRepository['fail']>[2],
  ): Promise<boolean> {
    const failure = outcome.failure?.slice(0, 4_000) ?? null;
    const isChanged = await this.releases.fail(manager, id, { ...outcome, failure }, this.clock.now());
    if (isChanged) await this.record(manager, caller, 'config_release.failed', id, { failure });
    return isChanged;
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    id: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, caller, {
      action,
      targetType: 'config_release',
      targetId: id,
      organizationId: null,
      changes,
    });
  }
}
