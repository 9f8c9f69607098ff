import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId } from '@signalbox/common';
import { RotationEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import type { Pace } from './rotation-settings';
import type { RotationData } from './rotation-data';
import { firstStep } from './rotation-steps';

export type NewRotation = Pick<
  RotationEntity,
  'organizationId' | 'subjectType' | 'subjectId' | 'method' | 'trigger' | 'fromVersionId' | 'toVersionId'
>;

@Injectable()
export class RotationFactory {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** Due at once. */
  rotation(caller: Caller, of: NewRotation, pace: Pace, data: RotationData): RotationEntity {
    const now = this.clock.now();
    const { subjectType, method } = of;
    return Object.assign(new RotationEntity(), {
      ...of,
      id: newId('rotation', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      status: 'running' as const,
      step: firstStep({ subjectType, method, revokesOld: data.revokesOld }),
      graceSeconds: Math.round(pace.graceMs / 1_000),
      deadlineAt: new Date(now.getTime() + pace.deadlineMs),
      nextStepAt: now,
      attempts: 0,
      errorCode: null,
      errorDetail: null,
      data: { ...data },
      createdBy: caller.actorId,
      finishedAt: null,
    });
  }
}
