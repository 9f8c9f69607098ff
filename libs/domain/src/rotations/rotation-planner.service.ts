import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { nextRotationAt } from '@signalbox/domain/credentials';
import { OwnerNotifier } from '@signalbox/domain/notifications';
import type { EntityManager } from 'typeorm';
import { CredentialRotationService } from './credential-rotation.service';
import { rotationCaller } from './credential-switch';
import { decidePlan } from './rotation-plan';
import { providerApiProblem, settingsOf } from './rotation-settings';
import { RotationRepository } from './rotation.repository';
import { PROVIDER_DRIVERS, type ProviderDrivers } from './rotation.tokens';

const pageSize = 200;
/** A rotation that could not be started, or that failed, is tried again by the policy after this time. */
const tryAgainMs = 86_400_000;

/** Policies: replaces keys every so many days where the provider makes keys by API, and reminds people elsewhere. */
@Injectable()
export class RotationPlanner {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly starter: CredentialRotationService,
    private readonly notifier: OwnerNotifier,
    @Inject(PROVIDER_DRIVERS) private readonly driverOf: ProviderDrivers,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns how many rotations were started and reminders written */
  async planDue(signal: AbortSignal): Promise<number> {
    let count = 0;
    for (let after = ''; !signal.aborted;) {
      const page = await this.transactions.run('platform', (manager) =>
        this.rotations.withPolicy(manager, after, pageSize),
      );
      for (const credential of page) if (await this.plan(credential)) count += 1;
      const last = page.at(-1);
      if (!last || page.length < pageSize) break;
      after = last.id;
    }
    return count;
  }

  private async plan(credential: CredentialEntity): Promise<boolean> {
    switch (decidePlan(credential, this.canRotate(credential), this.clock.now())) {
      case 'nothing':
        return false;
      case 'set_date':
        await this.setDate(credential);
        return false;
      case 'start':
        return this.start(credential);
      case 'remind':
        return this.remind(credential);
    }
  }

  private canRotate(credential: CredentialEntity): boolean {
    const { rotation, provider, source } = credential;
    const isWanted = source === 'api' && settingsOf(rotation).method === 'provider_api';
    return isWanted && providerApiProblem(this.driverOf(provider?.kind ?? ''), credential) === null;
  }

  private async setDate(credential: CredentialEntity): Promise<void> {
    await this.transactions.run('platform', async (manager) => {
      const version = await this.rotations.version(manager, credential.currentVersionId);
      const from = version?.switchedAt ?? version?.createdAt ?? credential.createdAt;
      await this.rotations.savePolicy(manager, credential.id, {
        nextRotationAt: nextRotationAt(credential.rotateEveryDays, from),
      });
    });
  }

  /** The date is moved first: whatever comes of it, the policy does not try again before tomorrow. */
  private async start(credential: CredentialEntity): Promise<boolean> {
    const isMine = await this.claim(credential, (manager) =>
      this.rotations.savePolicy(manager, credential.id, {
        nextRotationAt: new Date(this.clock.nowMs() + tryAgainMs),
      }),
    );
    if (!isMine) return false;
    try {
      await this.starter.start(rotationCaller, credential.id, { method: 'provider_api' }, 'policy');
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.logger.warn('a policy could not start a rotation', {
        credential_id: credential.id,
        code: error.code,
        reason: error.message,
      });
      return false;
    }
  }

  private async remind(credential: CredentialEntity): Promise<boolean> {
    const now = this.clock.now();
    return this.claim(credential, async (manager) => {
      await this.rotations.savePolicy(manager, credential.id, { rotationRemindedAt: now });
      await this.notifier.notify(manager, {
        organizationId: credential.organizationId,
        type: 'rotation.due',
        data: {
          credential_id: credential.id,
          name: credential.name,
          provider: credential.provider?.name ?? null,
          owner_type: credential.ownerType,
          workspace_id: credential.workspaceId,
          user_id: credential.userId,
          last4: credential.last4,
          due_at: credential.nextRotationAt?.toISOString() ?? null,
        },
      });
    });
  }

  /** Does the work if the decision still holds: another worker may have been here first. */
  private async claim(
    credential: CredentialEntity,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<boolean> {
    return this.transactions.run('platform', async (manager) => {
      const locked = await this.rotations.lockCredential(manager, credential.id);
      const isSame =
        locked !== null &&
        locked.deletedAt === null &&
        locked.enabled &&
        locked.nextRotationAt?.getTime() === credential.nextRotationAt?.getTime() &&
        locked.rotationRemindedAt?.getTime() === credential.rotationRemindedAt?.getTime();
      if (isSame) await work(manager);
      return isSame;
    });
  }
}
