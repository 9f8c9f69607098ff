import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import { type RotationEntity, TenantTransactions, type VirtualKeySecretEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { VirtualKeyValues } from '@signalbox/domain/virtual-keys';
import type { EntityManager } from 'typeorm';
import { rotationCaller } from './credential-switch';
import { retirementAt } from './rotation-decisions';
import { dataOf, dateOf, stepOf } from './rotation-data';
import { type Committed, justMove, type StepOutcome } from './rotation-move';
import { RotationRepository } from './rotation.repository';

const lookEveryMs = 30_000;

/** The steps of a virtual key's rotation: both values work from the start, and the old one ends. */
@Injectable()
export class VirtualKeyRotationSteps {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly values: VirtualKeyValues,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async take(rotation: RotationEntity): Promise<StepOutcome> {
    const step = stepOf(rotation);
    if (step === 'watch') return this.watch(rotation);
    if (step === 'retire') return { commit: (manager, locked) => this.retire(manager, locked) };
    throw new Error(`a virtual key has no step ${step}`);
  }

  /** @throws AppError when there is no old value to go back to */
  async back(manager: EntityManager, caller: Caller, rotation: RotationEntity): Promise<Committed> {
    const key = await this.values.lockLiving(manager, rotation.subjectId);
    const older = await this.rotations.secret(manager, rotation.fromVersionId);
    const newer = await this.rotations.secret(manager, rotation.toVersionId);
    if (!key || !older || !newer || this.hasEnded(older))
      throw new AppError('rotation_finished', 'The old value has ended.');
    await this.values.setEnd(manager, newer.id, this.clock.now());
    await this.values.setEnd(manager, older.id, dateOf(dataOf(rotation).previousValidUntil));
    return {
      move: { kind: 'undo', status: 'rolled_back', code: null, detail: null },
      announce: (last) =>
        this.values.announce(last, caller, key, 'virtual_key.rotation_rolled_back', {
          rotationId: rotation.id,
          keyName: older.keyName,
        }),
      live: () => this.values.live(key.id),
    };
  }

  private async watch(rotation: RotationEntity): Promise<StepOutcome> {
    const { older, isKeyAlive } = await this.transactions.run('platform', async (manager) => ({
      older: await this.rotations.secret(manager, rotation.fromVersionId),
      isKeyAlive: (await this.values.lockLiving(manager, rotation.subjectId)) !== null,
    }));
    if (!isKeyAlive) return justMove(keyEnded);
    if (!older || this.hasEnded(older)) return justMove({ kind: 'next', detail: 'The old value has ended.' });
    const dueAt = this.retirementAt(rotation, older);
    const now = this.clock.now();
    if (now >= dueAt) return justMove({ kind: 'next' });
    const untilMs = Math.min(dueAt.getTime(), now.getTime() + lookEveryMs);
    return justMove({ kind: 'wait', until: new Date(untilMs) });
  }

  private async retire(manager: EntityManager, rotation: RotationEntity): Promise<Committed> {
    const key = await this.values.lockLiving(manager, rotation.subjectId);
    if (!key) return { move: keyEnded };
    const older = await this.rotations.secret(manager, rotation.fromVersionId);
    if (!older || this.hasEnded(older)) return { move: { kind: 'next', detail: 'The old value has ended.' } };
    const now = this.clock.now();
    if (now < this.retirementAt(rotation, older)) return { move: { kind: 'back', to: 'watch' } };
    await this.values.setEnd(manager, older.id, now);
    return {
      move: { kind: 'next' },
      announce: (last) =>
        this.values.announce(last, rotationCaller, key, 'virtual_key.value_retired', {
          rotationId: rotation.id,
          keyName: older.keyName,
        }),
      live: () => this.values.live(key.id),
    };
  }

  private retirementAt(rotation: RotationEntity, older: VirtualKeySecretEntity): Date {
    return retirementAt({
      switchedAt: rotation.createdAt,
      lastUsedAt: older.lastUsedAt,
      graceMs: rotation.graceSeconds * 1_000,
      deadlineAt: rotation.deadlineAt,
      isForced: dataOf(rotation).isForced === true,
      // The edges ask nobody: they know of the end as soon as it is there.
      heldMs: 0,
    });
  }

  private hasEnded({ validUntil }: VirtualKeySecretEntity): boolean {
    return validUntil !== null && validUntil <= this.clock.now();
  }
}

const keyEnded = {
  kind: 'undo',
  status: 'cancelled',
  code: 'virtual_key_ended',
  detail: 'The virtual key was revoked or deleted.',
} as const;
