import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { LitellmAdminClient, type LitellmKey, litellmPageSize } from '@signalbox/litellm-client';
import { type DesiredKey, desiredKey, desiredTeam } from './desired-state';
import { LitellmKeyRestoreRepository } from './litellm-key-restore.repository';
import { diffKey } from './mirror-diff';
import { maxForeignExamples, type MirrorReport } from './mirror-report';
import { MirrorRepository, type SecretSubject } from './mirror.repository';

const pageSize = 500;

/**
 * Compares page by page and leaves the repair of single keys to the outbox, where each is leased, retried and shown as
 * pending. Only what was lost in bulk is written back at once. As with teams, LiteLLM is read before PostgreSQL.
 */
@Injectable()
export class KeyReconciler {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: MirrorRepository,
    private readonly outbox: OutboxRepository,
    private readonly litellm: LitellmAdminClient,
    private readonly restores: LitellmKeyRestoreRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async reconcile(report: MirrorReport, startedAt: Date, signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    /** Deleted last: a deletion would shift the pages that are still to come. */
    const condemned: string[] = [];
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      signal.throwIfAborted();
      const { items, totalCount, totalPages } = await this.litellm.keyList(page);
      pages = totalPages;
      report.keysInLitellm = totalCount;
      for (const key of items) seen.add(key.token);
      condemned.push(...(await this.comparePage(items, report)));
    }
    await this.delete(condemned);
    await this.restoreMissing(seen, startedAt, report, signal);
  }

  /** @returns the hashes of what LiteLLM must not have */
  private async comparePage(keys: LitellmKey[], report: MirrorReport): Promise<string[]> {
    const hashes = keys.map(({ token }) => token);
    const subjects = await this.transactions.run('platform', (manager) =>
      this.repository.secretsByHash(manager, hashes),
    );
    const byHash = new Map(subjects.map((subject) => [subject.secret.keyHash, subject]));
    const leftOver = this.leftOver(
      keys.filter(({ token }) => !byHash.has(token)),
      report,
    );
    const known = keys.flatMap((key) => {
      const subject = byHash.get(key.token);
      return subject ? [{ key, subject, desired: this.desired(subject) }] : [];
    });
    const dead = known.filter(({ desired }) => desired === null).map(({ subject }) => subject);
    const different = known
      .filter(({ key, desired }) => desired && diffKey(desired, key, this.clock.now()))
      .map(({ subject }) => subject);
    report.keys.dead += dead.length;
    report.keys.different += different.length;
    await this.enqueue([...different, ...dead.filter(({ secret }) => secret.mirrorState !== 'removed')]);
    return [...leftOver, ...dead.map(({ secret }) => secret.keyHash)];
  }

  private leftOver(keys: LitellmKey[], report: MirrorReport): string[] {
    const ours = keys.filter(({ metadata }) => metadata.signalbox?.secret_id !== undefined);
    report.keys.unknown += ours.length;
    report.keys.foreign += keys.length - ours.length;
    for (const key of keys) {
      if (ours.includes(key) || report.foreignExamples.length >= maxForeignExamples) continue;
      report.foreignExamples.push(`key ${key.key_alias ?? key.token.slice(0, 12)}`);
    }
    return ours.map(({ token }) => token);
  }

  /** What ended for good, or was never ours to begin with, needs no second look. */
  private async delete(hashes: string[]): Promise<void> {
    for (let start = 0; start < hashes.length; start += litellmPageSize) {
      await this.litellm.keyDelete(hashes.slice(start, start + litellmPageSize));
    }
  }

  private async restoreMissing(
    seen: Set<string>,
    startedAt: Date,
    report: MirrorReport,
    signal: AbortSignal,
  ): Promise<void> {
    for (let after = ''; ;) {
      signal.throwIfAborted();
      const position = after;
      const subjects = await this.transactions.run('platform', (manager) =>
        this.repository.secretsAfter(manager, position, pageSize),
      );
      // Younger ones are on their way through the outbox.
      const missing = subjects.filter(
        (subject) =>
          !seen.has(subject.secret.keyHash) && subject.secret.createdAt < startedAt && this.desired(subject),
      );
      await this.restore(missing, report);
      const last = subjects.at(-1);
      if (!last || subjects.length < pageSize) return;
      after = last.secret.id;
    }
  }

  /** A value that is still sealed goes the usual way; the rest is written back by hash, all rows of a page at once. */
  private async restore(missing: SecretSubject[], report: MirrorReport): Promise<void> {
    report.keys.missing += missing.length;
    const rows = missing.flatMap((subject) => {
      const desired = subject.secret.sealedValue === null ? this.desired(subject) : null;
      return desired ? [{ desired, keyName: subject.secret.keyName }] : [];
    });
    report.restoredKeys += await this.restores.restore(rows);
    await this.enqueue(missing.filter(needsApi));
  }

  private desired({ key, secret, workspace, organization }: SecretSubject): DesiredKey | null {
    return desiredKey(key, secret, desiredTeam(workspace, organization), this.clock.now());
  }

  private async enqueue(subjects: SecretSubject[]): Promise<void> {
    if (subjects.length === 0) return;
    await this.transactions.run('platform', (manager) =>
      this.outbox.ensure(
        manager,
        'mirror.virtual_key',
        subjects.map(({ key }) => ({ subjectId: key.id, organizationId: key.organizationId })),
      ),
    );
  }
}

/** A row written back is complete but for the budget's period, which only LiteLLM can start. */
function needsApi({ key, secret }: SecretSubject): boolean {
  return secret.sealedValue !== null || key.budgetDuration !== null || secret.mirrorState !== 'synced';
}
