import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { CredentialAnnouncer } from '@signalbox/domain/credentials';
import { OwnerNotifier } from '@signalbox/domain/notifications';
import type { EntityManager } from 'typeorm';
import { type AppliedOutcome, applyOutcome, type CredentialFacts } from './apply-outcome';
import { type CheckAnswer, expiredDetail } from './check-answer';
import { CredentialCheckRepository } from './credential-check.repository';
import { notificationData } from './notification-data';

const caller = systemCaller('credential_check');

/** Writes down what an answer means: the row, and if anybody can see a difference, projection, audit trail and owner. */
@Injectable()
export class OutcomeWriter {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: CredentialCheckRepository,
    private readonly announcer: CredentialAnnouncer,
    private readonly notifier: OwnerNotifier,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Nothing is written if the credential has another value or address by now: the answer was about the old one.
   * @param asked the credential as it was when somebody asked
   */
  async write(asked: CredentialEntity, answer: CheckAnswer): Promise<void> {
    await this.apply(
      asked.id,
      answer,
      ({ currentVersionId, baseUrl }) =>
        currentVersionId === asked.currentVersionId && baseUrl === asked.baseUrl,
    );
  }

  /** Does nothing if it was given more time meanwhile. */
  async expire(credentialId: string): Promise<void> {
    await this.apply(credentialId, { outcome: 'expired', detail: expiredDetail }, () => true);
  }

  private async apply(
    credentialId: string,
    answer: CheckAnswer,
    isStillMeant: (credential: CredentialEntity) => boolean,
  ): Promise<void> {
    const changed = await this.transactions.run('platform', async (manager) => {
      const credential = await this.repository.findForUpdate(manager, credentialId);
      if (!credential || !isStillMeant(credential)) return null;
      const applied = applyOutcome(credential, answer, this.clock.now(), Math.random());
      return (await this.save(manager, credential, applied)) ? credential : null;
    });
    if (changed) await this.announcer.live(changed.ownerKey);
  }

  /** @returns whether anybody can see a difference */
  private async save(
    manager: EntityManager,
    credential: CredentialEntity,
    { facts, event, isVisible }: AppliedOutcome,
  ): Promise<boolean> {
    const before = credential.state;
    const changed = changedFacts(credential, facts);
    Object.assign(credential, changed);
    if (!isVisible) {
      if (Object.keys(changed).length > 0) {
        await this.repository.saveQuietly(manager, credential.id, changed);
      }
      return false;
    }
    if (event) {
      const { organizationId } = credential;
      await this.notifier.notify(manager, {
        organizationId,
        type: event,
        data: notificationData(credential),
      });
    }
    const { state, stateReason, stateDetail, expiresAt } = credential;
    await this.announcer.changed(manager, caller, credential, 'credential.state_changed', {
      from: before,
      state,
      reason: stateReason,
      detail: stateDetail,
      expiresAt,
    });
    return true;
  }
}

const factNames = [
  'state',
  'stateReason',
  'stateDetail',
  'stateSince',
  'verifiedAt',
  'checkedAt',
  'nextCheckAt',
  'checkFailures',
  'refusedAt',
  'expiresAt',
] as const satisfies readonly (keyof CredentialFacts)[];

function changedFacts(before: CredentialFacts, after: CredentialFacts): Partial<CredentialFacts> {
  const changed = factNames.filter((name) => before[name]?.valueOf() !== after[name]?.valueOf());
  return Object.fromEntries(changed.map((name) => [name, after[name]])) as Partial<CredentialFacts>;
}
