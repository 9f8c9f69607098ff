import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import { isUniqueViolation, type RotationEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { VirtualKeyValues } from '@signalbox/domain/virtual-keys';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { RotationJournal } from './rotation-journal';
import { RotationViews } from './rotation-views';
import { defaultGrace, type Pace, paceOf } from './rotation-settings';
import { RotationFactory } from './rotation.factory';
import { RotationRepository } from './rotation.repository';
import type { StartedKeyRotation, StartKeyRotation } from './rotation.types';

/** Starts rotations of virtual keys: the new value works at once, the old one until it is no longer used. */
@Injectable()
export class VirtualKeyRotationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly factory: RotationFactory,
    private readonly journal: RotationJournal,
    private readonly views: RotationViews,
    private readonly values: VirtualKeyValues,
    private readonly jobs: JobProducer,
  ) {}

  async start(caller: Caller, keyId: string, input: StartKeyRotation): Promise<StartedKeyRotation> {
    requireScope(caller, 'keys:write');
    const pace = paceOf(input.grace ?? defaultGrace, input.deadline ?? null);
    const { rotation, value } = await this.write(caller, (manager) =>
      this.begin(manager, caller, keyId, pace),
    );
    await this.values.live(keyId);
    void this.jobs.add('rotation.advance', {});
    return { ...this.views.of(rotation, null), value };
  }

  private async begin(
    manager: EntityManager,
    caller: Caller,
    keyId: string,
    pace: Pace,
  ): Promise<{ rotation: RotationEntity; value: string }> {
    if (await this.rotations.isRunningOf(manager, keyId)) throw inProgress(keyId);
    const draft = this.factory.rotation(
      caller,
      {
        organizationId: null,
        subjectType: 'virtual_key',
        subjectId: keyId,
        method: 'value',
        trigger: 'request',
        fromVersionId: null,
        toVersionId: null,
      },
      pace,
      { revokesOld: false },
    );
    // The deadline holds by itself, also while no worker runs.
    const { key, older, newer, value } = await this.values.add(
      manager,
      keyId,
      draft.deadlineAt ?? draft.createdAt,
    );
    const rotation = Object.assign(draft, {
      organizationId: key.organizationId,
      fromVersionId: older.id,
      toVersionId: newer.id,
    });
    await this.journal.begin(manager, rotation, [
      ['request', null],
      ['stage', `The new value is ${newer.keyName}.`],
      ['switch', 'Both values work.'],
    ]);
    await this.values.announce(manager, caller, key, 'virtual_key.rotation_started', {
      rotationId: rotation.id,
      keyName: newer.keyName,
    });
    return { rotation, value };
  }

  private async write<Result>(
    caller: Caller,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      if (isUniqueViolation(error, 'rotations_one_running_key')) throw inProgress(null);
      throw error;
    }
  }
}

function inProgress(keyId: string | null): AppError {
  const where = keyId === null ? '' : `?subject_id=${keyId}`;
  return new AppError(
    'rotation_in_progress',
    `Wait for its end, roll it back, or retire the old value now: GET /api/v1/rotations${where} shows it.`,
  );
}
