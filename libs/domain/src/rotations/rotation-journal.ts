import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId, redact } from '@signalbox/common';
import { RotationEntity, RotationEventEntity } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { OwnerNotifier } from '@signalbox/domain/notifications';
import type { EntityManager } from 'typeorm';
import { planOf, stepOf } from './rotation-data';
import { retryDelayMs } from './rotation-decisions';
import type { Move } from './rotation-move';
import { firstUndoStep, stepAfter, type RotationStep } from './rotation-steps';
import { RotationRepository } from './rotation.repository';

const detailLength = 500;

/** Writes down what a step came to: the rotation's row, its history, and the owner's notification. */
@Injectable()
export class RotationJournal {
  constructor(
    private readonly rotations: RotationRepository,
    private readonly notifier: OwnerNotifier,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async begin(
    manager: EntityManager,
    rotation: RotationEntity,
    events: readonly [step: string, detail: string | null][],
  ): Promise<void> {
    await this.rotations.insert(manager, rotation);
    for (const [step, detail] of events) await this.note(manager, rotation, step, 'done', detail);
  }

  /** The row is locked. */
  async apply(manager: EntityManager, rotation: RotationEntity, move: Move): Promise<void> {
    await this.change(manager, rotation, move);
    rotation.version += 1;
    rotation.updatedAt = this.clock.now();
    await this.rotations.save(manager, rotation);
  }

  async note(
    manager: EntityManager,
    rotation: RotationEntity,
    step: string,
    outcome: string,
    detail: string | null,
  ): Promise<void> {
    const event = Object.assign(new RotationEventEntity(), {
      id: newId('rotationEvent', this.clock.nowMs()),
      organizationId: rotation.organizationId,
      rotationId: rotation.id,
      step,
      outcome,
      detail: detail === null ? null : safe(detail),
      occurredAt: this.clock.now(),
    });
    await this.rotations.insertEvent(manager, event);
  }

  private async change(manager: EntityManager, rotation: RotationEntity, move: Move): Promise<void> {
    switch (move.kind) {
      case 'next':
        return this.goOn(manager, rotation, move);
      case 'wait':
        return this.setTime(rotation, move.until);
      case 'back':
        rotation.step = move.to;
        return this.setTime(rotation, this.clock.now());
      case 'retry':
        return this.retry(manager, rotation, move);
      case 'undo':
        return this.undo(manager, rotation, move);
    }
  }

  private async goOn(
    manager: EntityManager,
    rotation: RotationEntity,
    { detail, warning }: Extract<Move, { kind: 'next' }>,
  ): Promise<void> {
    const step = stepOf(rotation);
    const outcome = warning ? 'given_up' : 'done';
    await this.note(manager, rotation, step, outcome, warning?.detail ?? detail ?? null);
    // What a person has to do by hand stays in sight to the end.
    const isUndoing = rotation.status !== 'running';
    if (!isUndoing && !warning && !isKept(rotation)) this.clearError(rotation);
    if (warning && !isUndoing) this.setError(rotation, warning.code, warning.detail);
    await this.enter(manager, rotation, stepAfter(planOf(rotation), step), this.clock.now());
  }

  private async retry(
    manager: EntityManager,
    rotation: RotationEntity,
    { code, detail, retryAfterMs }: Extract<Move, { kind: 'retry' }>,
  ): Promise<void> {
    const now = this.clock.now();
    const text = safe(detail);
    // Of a row of equal failures, only the first one is news.
    if (rotation.attempts === 0 || rotation.errorDetail !== text)
      await this.note(manager, rotation, rotation.step, 'retried', text);
    if (rotation.status === 'running') this.setError(rotation, code, text);
    rotation.nextStepAt = new Date(now.getTime() + retryDelayMs(rotation.attempts, retryAfterMs));
    rotation.attempts += 1;
  }

  private async undo(
    manager: EntityManager,
    rotation: RotationEntity,
    { status, code, detail, notBefore }: Extract<Move, { kind: 'undo' }>,
  ): Promise<void> {
    await this.note(manager, rotation, rotation.step, status, detail);
    rotation.status = status;
    if (code === null) this.clearError(rotation);
    else this.setError(rotation, code, detail ?? '');
    if (status === 'failed') await this.tell(manager, rotation, 'rotation.failed');
    const now = this.clock.now();
    const from = notBefore && notBefore > now ? notBefore : now;
    await this.enter(manager, rotation, firstUndoStep(planOf(rotation)), from);
  }

  private async enter(
    manager: EntityManager,
    rotation: RotationEntity,
    step: RotationStep,
    at: Date,
  ): Promise<void> {
    rotation.step = step;
    rotation.attempts = 0;
    rotation.nextStepAt = at;
    if (step !== 'finished') return;
    rotation.nextStepAt = null;
    rotation.finishedAt = this.clock.now();
    if (rotation.status !== 'running') return;
    rotation.status = 'done';
    await this.tell(manager, rotation, 'rotation.finished');
  }

  private setTime(rotation: RotationEntity, at: Date): void {
    rotation.nextStepAt = at;
    rotation.attempts = 0;
    if (!isKept(rotation)) this.clearError(rotation);
  }

  private setError(rotation: RotationEntity, code: string, detail: string): void {
    rotation.errorCode = code;
    rotation.errorDetail = safe(detail);
  }

  private clearError(rotation: RotationEntity): void {
    rotation.errorCode = null;
    rotation.errorDetail = null;
  }

  private async tell(
    manager: EntityManager,
    rotation: RotationEntity,
    type: 'rotation.failed' | 'rotation.finished',
  ): Promise<void> {
    await this.notifier.notify(manager, {
      organizationId: rotation.organizationId,
      type,
      data: {
        rotation_id: rotation.id,
        subject_type: rotation.subjectType,
        subject_id: rotation.subjectId,
        trigger: rotation.trigger,
        status: rotation.status,
        error_code: rotation.errorCode,
        error_detail: rotation.errorDetail,
      },
    });
  }
}

/** The old key is still good at the provider: the one thing of which whoever reads a finished rotation must know. */
export const leftAtProvider = 'key_left_at_provider';

function isKept(rotation: RotationEntity): boolean {
  return rotation.errorCode === leftAtProvider;
}

/** Providers' words are outside text. */
function safe(detail: string): string {
  return redact(detail).slice(0, detailLength);
}
