import { Injectable } from '@nestjs/common';
import type { RotationEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import { dataOf, dateOf, planOf, stepOf } from './rotation-data';
import { percentOf } from './rotation-steps';
import { RotationRepository } from './rotation.repository';
import type { RotationDetails } from './rotation.types';

/** What people want to know of a running rotation, beside its row. */
@Injectable()
export class RotationViews {
  constructor(private readonly rotations: RotationRepository) {}

  async read(manager: EntityManager, rotations: readonly RotationEntity[]): Promise<RotationDetails[]> {
    const ids = rotations.flatMap(({ fromVersionId }) => fromVersionId ?? []);
    const uses = new Map(
      (await this.rotations.lastUses(manager, ids)).map((use) => [use.id, use.lastUsedAt]),
    );
    return rotations.map((rotation) => this.of(rotation, uses.get(rotation.fromVersionId ?? '') ?? null));
  }

  of(rotation: RotationEntity, oldLastUsedAt: Date | null): RotationDetails {
    const step = stepOf(rotation);
    const isWaiting = rotation.status === 'running' && step === 'watch';
    return {
      rotation,
      oldLastUsedAt,
      percent: percentOf(planOf(rotation), step),
      waitsUntil: isWaiting ? waitsUntilOf(rotation, oldLastUsedAt) : null,
    };
  }
}

/** As it looks now; each use of the old value moves it, up to the deadline. */
function waitsUntilOf(rotation: RotationEntity, oldLastUsedAt: Date | null): Date {
  const { isForced, switchedAt } = dataOf(rotation);
  if (isForced) return rotation.nextStepAt ?? rotation.updatedAt;
  const since = dateOf(switchedAt) ?? rotation.createdAt;
  const lastMs = Math.max(since.getTime(), oldLastUsedAt?.getTime() ?? 0);
  const unusedMs = lastMs + rotation.graceSeconds * 1_000;
  return new Date(Math.min(unusedMs, rotation.deadlineAt?.getTime() ?? Number.POSITIVE_INFINITY));
}
