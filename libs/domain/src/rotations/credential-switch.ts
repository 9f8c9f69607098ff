import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import type { CredentialEntity, CredentialVersionEntity, RotationEntity } from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { CredentialAnnouncer, enterState, makeCurrent, nextRotationAt } from '@signalbox/domain/credentials';
import type { EntityManager } from 'typeorm';
import { endOf } from './credential-subject';
import { retirementAt } from './rotation-decisions';
import { dataOf, dateOf, previousOf, remember } from './rotation-data';
import type { Committed, Move } from './rotation-move';
import { RotationRepository } from './rotation.repository';
import { ROTATION_TUNING, type RotationTuning } from './rotation.tokens';

export const rotationCaller = systemCaller('rotation');

/** The three changes of a credential that a rotation makes, each in one transaction, under the lock of its row. */
@Injectable()
export class CredentialSwitch {
  constructor(
    private readonly rotations: RotationRepository,
    private readonly announcer: CredentialAnnouncer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ROTATION_TUNING) private readonly tuning: RotationTuning,
  ) {}

  /** The new value becomes the current one. */
  async forward(manager: EntityManager, rotation: RotationEntity): Promise<Committed> {
    const { credential, from, to } = await this.lock(manager, rotation);
    const end = endOf(credential);
    if (end) return { move: await this.dropNew(manager, rotation, 'cancelled', end) };
    if (
      !credential ||
      !to ||
      to.status !== 'staged' ||
      credential.currentVersionId !== rotation.fromVersionId
    ) {
      return { move: await this.dropNew(manager, rotation, 'failed', replacedMeanwhile) };
    }
    const now = this.clock.now();
    remember(rotation, { previous: previousOf(credential), switchedAt: now.toISOString() });
    if (from) await this.saveStatus(manager, from, 'retiring', now);
    makeCurrent(credential, to, now);
    await this.rotations.saveVersion(manager, to);
    this.renew(credential, rotation, now);
    return {
      move: { kind: 'next' },
      ...this.announced(rotationCaller, credential, 'credential.rotated', rotation, from, to),
    };
  }

  /** The old value becomes the current one again. @throws AppError when there is none to go back to */
  async back(manager: EntityManager, caller: Caller, rotation: RotationEntity): Promise<Committed> {
    const { credential, from, to } = await this.lock(manager, rotation);
    if (!credential || credential.deletedAt !== null || !to || from?.status !== 'retiring') {
      throw new AppError('rotation_finished', 'The old value is not there any more.');
    }
    if (credential.currentVersionId !== to.id) {
      throw new AppError(
        'rotation_not_possible',
        'The credential has got another value meanwhile. Give it the one you want with POST /api/v1/credentials/{id}/rotate.',
      );
    }
    const now = this.clock.now();
    await this.saveStatus(manager, to, 'failed', now);
    makeCurrent(credential, from, now);
    await this.rotations.saveVersion(manager, from);
    this.restore(credential, rotation, now);
    return {
      move: {
        kind: 'undo',
        status: 'rolled_back',
        code: null,
        detail: null,
        // Calls that got the new value before this moment may still be on their way with it.
        notBefore: new Date(now.getTime() + this.tuning.hookCacheMs),
      },
      ...this.announced(caller, credential, 'credential.rotation_rolled_back', rotation, to, from),
    };
  }

  /** The old value is not given to anybody any more. Looks again, since it may have been used after the last look. */
  async retire(manager: EntityManager, rotation: RotationEntity): Promise<Committed> {
    const { credential, from, to } = await this.lock(manager, rotation);
    if (!credential || from?.status !== 'retiring')
      return { move: { kind: 'next', detail: 'was gone already' } };
    if (credential.currentVersionId === from.id)
      throw new Error(`${from.id} is current and cannot be retired`);
    const now = this.clock.now();
    if (credential.deletedAt === null && now < this.retirementAt(rotation, from))
      return { move: { kind: 'back', to: 'watch' } };
    await this.saveStatus(manager, from, 'retired', now);
    return {
      move: { kind: 'next' },
      ...this.announced(rotationCaller, credential, 'credential.version_retired', rotation, from, to),
    };
  }

  retirementAt(rotation: RotationEntity, from: CredentialVersionEntity): Date {
    const { switchedAt, isForced } = dataOf(rotation);
    return retirementAt({
      switchedAt: dateOf(switchedAt) ?? rotation.createdAt,
      lastUsedAt: from.lastUsedAt,
      graceMs: rotation.graceSeconds * 1_000,
      deadlineAt: rotation.deadlineAt,
      isForced: isForced === true,
      heldMs: this.tuning.hookCacheMs,
    });
  }

  /** Marks the new value as never to be used. */
  async dropNew(
    manager: EntityManager,
    rotation: RotationEntity,
    status: 'failed' | 'cancelled',
    why: { code: string | null; detail: string | null },
  ): Promise<Move> {
    const to = await this.rotations.lockVersion(manager, rotation.toVersionId);
    if (to?.status === 'staged') await this.saveStatus(manager, to, 'failed', this.clock.now());
    return { kind: 'undo', status, ...why };
  }

  private async lock(
    manager: EntityManager,
    rotation: RotationEntity,
  ): Promise<{
    credential: CredentialEntity | null;
    from: CredentialVersionEntity | null;
    to: CredentialVersionEntity | null;
  }> {
    return {
      credential: await this.rotations.lockCredential(manager, rotation.subjectId),
      from: await this.rotations.lockVersion(manager, rotation.fromVersionId),
      to: await this.rotations.lockVersion(manager, rotation.toVersionId),
    };
  }

  private async saveStatus(
    manager: EntityManager,
    version: CredentialVersionEntity,
    status: 'retiring' | 'retired' | 'failed',
    now: Date,
  ): Promise<void> {
    version.status = status;
    if (status !== 'retiring') version.retiredAt = now;
    await this.rotations.saveVersion(manager, version);
  }

  /** The new value was just seen to work; all that was known of the old one is no longer true. */
  private renew(credential: CredentialEntity, rotation: RotationEntity, now: Date): void {
    const { isVerified, newExpiresAt } = dataOf(rotation);
    enterState(credential, isVerified ? 'verified' : 'unverified', null, now);
    credential.verifiedAt = isVerified ? now : null;
    credential.refusedAt = null;
    credential.checkFailures = 0;
    credential.nextCheckAt = now;
    credential.expiresAt = dateOf(newExpiresAt);
    credential.expiryNotifiedAt = null;
    credential.rotationRemindedAt = null;
    credential.nextRotationAt = nextRotationAt(credential.rotateEveryDays, now);
  }

  private restore(credential: CredentialEntity, rotation: RotationEntity, now: Date): void {
    const { previous } = dataOf(rotation);
    if (!previous) return;
    credential.verifiedAt = dateOf(previous.verifiedAt);
    credential.expiresAt = dateOf(previous.expiresAt);
    credential.refusedAt = null;
    credential.checkFailures = 0;
    credential.nextCheckAt = now;
    // Whoever disabled it meanwhile still means it, and a state of then is not one of an enabled credential of now.
    if (!credential.enabled) return;
    const state = previous.state === 'disabled' ? 'unverified' : previous.state;
    enterState(credential, state, previous.stateReason, now);
    credential.stateDetail = previous.stateDetail;
  }

  private announced(
    caller: Caller,
    credential: CredentialEntity,
    action: string,
    rotation: RotationEntity,
    old: CredentialVersionEntity | null,
    current: CredentialVersionEntity | null,
  ): Pick<Committed, 'announce' | 'live'> {
    const changes = {
      rotationId: rotation.id,
      fromVersionId: old?.id ?? null,
      toVersionId: current?.id ?? null,
      fingerprint: credential.fingerprint,
    };
    return {
      announce: (manager) => this.announcer.changed(manager, caller, credential, action, changes),
      live: () => this.announcer.live(credential.ownerKey),
    };
  }
}

const replacedMeanwhile = {
  code: 'replaced_meanwhile',
  detail: 'The credential has got another value meanwhile, so this one was dropped.',
};
