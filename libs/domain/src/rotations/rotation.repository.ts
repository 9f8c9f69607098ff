import { Injectable } from '@nestjs/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  RotationEntity,
  RotationEventEntity,
  type RotationSubjectType,
  VirtualKeySecretEntity,
} from '@signalbox/database';
import { type EntityManager, In, IsNull, type QueryDeepPartialEntity } from 'typeorm';
import type { RotationFilter } from './rotation.types';

/** An old value as far as it matters to its retirement. */
export interface LastUse {
  id: string;
  lastUsedAt: Date | null;
}

@Injectable()
export class RotationRepository {
  /**
   * The id of one that is due and that nobody works on, leased until `leaseEnd`. The row itself is read after this
   * statement, so that whoever waited for it sees it as it is now.
   */
  async takeDue(manager: EntityManager, now: Date): Promise<RotationEntity | null> {
    return manager
      .createQueryBuilder(RotationEntity, 'rotation')
      .where('rotation.finishedAt IS NULL AND rotation.nextStepAt <= :now', { now })
      .orderBy('rotation.nextStepAt')
      .limit(1)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getOne();
  }

  async lock(manager: EntityManager, id: string): Promise<RotationEntity | null> {
    return manager.findOne(RotationEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async find(manager: EntityManager, id: string): Promise<RotationEntity | null> {
    return manager.findOneBy(RotationEntity, { id });
  }

  async isRunningOf(manager: EntityManager, subjectId: string): Promise<boolean> {
    return manager.existsBy(RotationEntity, { subjectId, status: 'running' });
  }

  /** Newest first, which is the order of ids. */
  async list(
    manager: EntityManager,
    filter: RotationFilter,
    subjectTypes: readonly RotationSubjectType[],
    page: { limit: number; before: string | null },
  ): Promise<RotationEntity[]> {
    const query = manager
      .createQueryBuilder(RotationEntity, 'rotation')
      .where('rotation.subjectType IN (:...subjectTypes)', { subjectTypes })
      .orderBy('rotation.id', 'DESC')
      .limit(page.limit);
    if (page.before !== null) query.andWhere('rotation.id < :before', { before: page.before });
    if (filter.subjectId !== undefined)
      query.andWhere('rotation.subjectId = :subjectId', { subjectId: filter.subjectId });
    if (filter.status !== undefined) query.andWhere('rotation.status = :status', { status: filter.status });
    return query.getMany();
  }

  async insert(manager: EntityManager, rotation: RotationEntity): Promise<void> {
    await manager.insert(RotationEntity, rotation as QueryDeepPartialEntity<RotationEntity>);
  }

  async save(manager: EntityManager, rotation: RotationEntity): Promise<void> {
    const { id, createdAt: _createdAt, ...columns } = rotation;
    await manager.update(RotationEntity, { id }, columns as QueryDeepPartialEntity<RotationEntity>);
  }

  async insertEvent(manager: EntityManager, event: RotationEventEntity): Promise<void> {
    const { rotation: _rotation, ...row } = event;
    await manager.insert(RotationEventEntity, row);
  }

  async eventsOf(manager: EntityManager, rotationId: string): Promise<RotationEventEntity[]> {
    return manager.find(RotationEventEntity, { where: { rotationId }, order: { id: 'ASC' } });
  }

  /** Also a deleted one; with its provider, which a deleted one may have lost. */
  async credential(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, { where: { id }, relations: { provider: true } });
  }

  async lockCredential(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async adminCredential(
    manager: EntityManager,
    of: Pick<CredentialEntity, 'ownerKey' | 'providerId'>,
    id: string | null,
  ): Promise<CredentialEntity | null> {
    const { ownerKey, providerId } = of;
    const where = { ownerKey, providerId, purpose: 'admin' as const, enabled: true, deletedAt: IsNull() };
    return manager.findOne(CredentialEntity, {
      where: id === null ? where : { ...where, id },
      relations: { provider: true },
    });
  }

  async version(manager: EntityManager, id: string | null): Promise<CredentialVersionEntity | null> {
    return id === null ? null : manager.findOneBy(CredentialVersionEntity, { id });
  }

  async lockVersion(manager: EntityManager, id: string | null): Promise<CredentialVersionEntity | null> {
    if (id === null) return null;
    return manager.findOne(CredentialVersionEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Lock the credential first. */
  async nextVersionNumber(manager: EntityManager, credentialId: string): Promise<number> {
    return ((await manager.maximum(CredentialVersionEntity, 'number', { credentialId })) ?? 0) + 1;
  }

  async insertVersion(manager: EntityManager, version: CredentialVersionEntity): Promise<void> {
    const { credential: _credential, ...row } = version;
    await manager.insert(CredentialVersionEntity, row);
  }

  /** Not `erasedAt` and `lastUsedAt`, which others write. */
  async saveVersion(manager: EntityManager, version: CredentialVersionEntity): Promise<void> {
    const { id, status, switchedAt, retiredAt, externalId } = version;
    await manager.update(CredentialVersionEntity, { id }, { status, switchedAt, retiredAt, externalId });
  }

  async secret(manager: EntityManager, id: string | null): Promise<VirtualKeySecretEntity | null> {
    return id === null ? null : manager.findOneBy(VirtualKeySecretEntity, { id });
  }

  /** Of old values of either sort. */
  async lastUses(manager: EntityManager, ids: readonly string[]): Promise<LastUse[]> {
    if (ids.length === 0) return [];
    const where = { id: In([...ids]) };
    const select = { id: true, lastUsedAt: true } as const;
    const versions = await manager.find(CredentialVersionEntity, { select, where });
    const secrets = await manager.find(VirtualKeySecretEntity, { select, where });
    return [...versions, ...secrets].map(({ id, lastUsedAt }) => ({ id, lastUsedAt }));
  }

  /** Enabled ones whose owner wants them replaced every so many days. */
  async withPolicy(manager: EntityManager, after: string, limit: number): Promise<CredentialEntity[]> {
    return manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .innerJoinAndSelect('credential.provider', 'provider')
      .where('credential.enabled AND credential.deletedAt IS NULL AND credential.rotateEveryDays IS NOT NULL')
      .andWhere('credential.id > :after', { after })
      .orderBy('credential.id')
      .limit(limit)
      .getMany();
  }

  async savePolicy(
    manager: EntityManager,
    id: string,
    dates: Partial<Pick<CredentialEntity, 'nextRotationAt' | 'rotationRemindedAt'>>,
  ): Promise<void> {
    await manager.update(CredentialEntity, { id }, dates);
  }
}
