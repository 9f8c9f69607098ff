import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { type RotationEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { ProviderKeyError } from '@signalbox/domain/provider-drivers';
import { SecretStoreError } from '@signalbox/secrets';
import { CredentialRotationSteps } from './credential-rotation.steps';
import { stepOf } from './rotation-data';
import { describeFailure } from './rotation-failure';
import { RotationJournal } from './rotation-journal';
import { type Committed, justMove, type StepOutcome } from './rotation-move';
import { leaseMsOf } from './rotation-steps';
import { RotationRepository } from './rotation.repository';
import { ROTATION_TUNING, type RotationTuning } from './rotation.tokens';
import { VirtualKeyRotationSteps } from './virtual-key-rotation.steps';

/**
 * Takes the steps of all rotations. Any number of processes may do so at once, and each may be killed at any line: a step
 * is leased, does what can be repeated, and writes all that it changed in one transaction, which fails when somebody else
 * took a step meanwhile.
 */
@Injectable()
export class RotationRunner {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly journal: RotationJournal,
    private readonly credentialSteps: CredentialRotationSteps,
    private readonly keySteps: VirtualKeyRotationSteps,
    @Inject(ROTATION_TUNING) private readonly tuning: RotationTuning,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns how many steps were taken, until none was due */
  async advanceDue(signal: AbortSignal): Promise<number> {
    const results = await Promise.allSettled(
      Array.from({ length: this.tuning.lanes }, () => this.lane(signal)),
    );
    let count = 0;
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      count += result.value;
    }
    return count;
  }

  private async lane(signal: AbortSignal): Promise<number> {
    let count = 0;
    while (!signal.aborted) {
      const rotation = await this.lease();
      if (!rotation) break;
      await this.step(rotation, signal);
      count += 1;
    }
    return count;
  }

  private async lease(): Promise<RotationEntity | null> {
    return this.transactions.run('platform', async (manager) => {
      const rotation = await this.rotations.takeDue(manager, this.clock.now());
      if (!rotation) return null;
      rotation.nextStepAt = new Date(this.clock.nowMs() + leaseMsOf(stepOf(rotation)));
      rotation.version += 1;
      await this.rotations.save(manager, rotation);
      return rotation;
    });
  }

  private async step(rotation: RotationEntity, signal: AbortSignal): Promise<void> {
    const outcome = await this.take(rotation, signal);
    let committed: Committed | null;
    try {
      committed = await this.commit(rotation, outcome);
    } catch (error) {
      // Perhaps it was committed all the same: nothing is taken back, and whoever leases it next sees what is so.
      this.report(rotation, error);
      return;
    }
    if (committed) await committed.live?.();
    else await this.discard(rotation, outcome);
  }

  private async discard(rotation: RotationEntity, outcome: StepOutcome): Promise<void> {
    try {
      await outcome.discard?.();
    } catch (error) {
      this.report(rotation, error);
    }
  }

  private async take(rotation: RotationEntity, signal: AbortSignal): Promise<StepOutcome> {
    try {
      return rotation.subjectType === 'credential'
        ? await this.credentialSteps.take(rotation, signal)
        : await this.keySteps.take(rotation);
    } catch (error) {
      this.report(rotation, error);
      return justMove(describeFailure(error));
    }
  }

  /** @returns null when somebody else took a step meanwhile: the lease had run out, or a person decided otherwise */
  private async commit(rotation: RotationEntity, outcome: StepOutcome): Promise<Committed | null> {
    return this.transactions.run('platform', async (manager) => {
      const locked = await this.rotations.lock(manager, rotation.id);
      if (!locked || locked.version !== rotation.version) return null;
      const committed = await outcome.commit(manager, locked);
      await this.journal.apply(manager, locked, committed.move);
      await committed.announce?.(manager);
      return committed;
    });
  }

  private report(rotation: RotationEntity, error: unknown): void {
    const isExpected = [ProviderKeyError, SecretStoreError, AppError].some((type) => error instanceof type);
    this.logger[isExpected ? 'warn' : 'error']('a step of a rotation is tried again', {
      rotation_id: rotation.id,
      step: rotation.step,
      attempts: rotation.attempts,
      ...(isExpected ? { reason: (error as Error).message } : { error }),
    });
  }
}
