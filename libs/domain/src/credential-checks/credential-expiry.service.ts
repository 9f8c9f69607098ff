import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { OwnerNotifier } from '@signalbox/domain/notifications';
import { CredentialCheckRepository } from './credential-check.repository';
import { notificationData } from './notification-data';
import { OutcomeWriter } from './outcome-writer.service';

const daySeconds = 86_400;
/** Before the end: a week to plan, and a day to act. */
const noticeSeconds = [7 * daySeconds, daySeconds];
const batchSize = 100;

/** Watches `expires_at`, whoever set it: the owner, or the provider's answer to a check. */
@Injectable()
export class CredentialExpiryService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: CredentialCheckRepository,
    private readonly writer: OutcomeWriter,
    private readonly notifier: OwnerNotifier,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async run(signal: AbortSignal): Promise<{ expired: number; noticed: number }> {
    return { expired: await this.expire(signal), noticed: await this.giveNotice(signal) };
  }

  private async expire(signal: AbortSignal): Promise<number> {
    const ids = await this.transactions.run('platform', (manager) =>
      this.repository.listExpired(manager, this.clock.now(), batchSize),
    );
    let count = 0;
    for (const id of ids) {
      if (signal.aborted) break;
      await this.writer.expire(id);
      count += 1;
    }
    return count;
  }

  private async giveNotice(signal: AbortSignal): Promise<number> {
    const ids = await this.transactions.run('platform', (manager) =>
      this.repository.listExpiring(manager, this.clock.now(), noticeSeconds, batchSize),
    );
    let count = 0;
    for (const id of ids) {
      if (signal.aborted) break;
      if (await this.notice(id)) count += 1;
    }
    return count;
  }

  /** @returns false if another worker was faster */
  private async notice(id: string): Promise<boolean> {
    const now = this.clock.now();
    return this.transactions.run('platform', async (manager) => {
      const credential = await this.repository.findForUpdate(manager, id);
      if (!credential || !isNoticeDue(credential, now)) return false;
      await this.repository.setExpiryNotified(manager, id, now);
      await this.notifier.notify(manager, {
        organizationId: credential.organizationId,
        type: 'credential.expiring',
        data: notificationData(credential),
      });
      return true;
    });
  }
}

type Expiry = Pick<CredentialEntity, 'enabled' | 'expiresAt' | 'expiryNotifiedAt'>;

/** The same rule as the query's, of the row as it is under the lock. */
function isNoticeDue({ enabled, expiresAt, expiryNotifiedAt }: Expiry, now: Date): boolean {
  if (!enabled || expiresAt === null || expiresAt <= now) return false;
  return noticeSeconds.some((seconds) => {
    const begin = expiresAt.getTime() - seconds * 1_000;
    return begin <= now.getTime() && (expiryNotifiedAt?.getTime() ?? -Infinity) < begin;
  });
}
