import { Injectable } from '@nestjs/common';
import { ConfigReleaseEntity, type ConfigReleaseStatus } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

/** Serializes the making of releases; the unique indexes would refuse the second one anyway. */
const releaseLock = 7_346_201;

export interface ReleaseFilter {
  status?: ConfigReleaseStatus | undefined;
}

/**
 * Every transition says from where (`WHERE status = ...`), so that a duplicate or a late report changes nothing.
 * They return whether the row was there to change.
 */
@Injectable()
export class ReleaseRepository {
  async lockReleases(manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [releaseLock]);
  }

  async list(
    manager: EntityManager,
    filter: ReleaseFilter,
    limit: number,
    beforeNumber: number | null,
  ): Promise<ConfigReleaseEntity[]> {
    const query = manager
      .createQueryBuilder(ConfigReleaseEntity, 'release')
      .orderBy('release.number', 'DESC')
      .take(limit);
    if (filter.status !== undefined) query.andWhere('release.status = :status', { status: filter.status });
    if (beforeNumber !== null) query.andWhere('release.number < :beforeNumber', { beforeNumber });
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<ConfigReleaseEntity | null> {
    return manager.findOne(ConfigReleaseEntity, { where: { id } });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<ConfigReleaseEntity | null> {
    return manager.findOne(ConfigReleaseEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async findByStatus(
    manager: EntityManager,
    status: 'applying' | 'active',
  ): Promise<ConfigReleaseEntity | null> {
    return manager.findOne(ConfigReleaseEntity, { where: { status } });
  }

  async lastNumber(manager: EntityManager): Promise<number> {
    const [row] = await manager.query<{ number: number }[]>(
      'SELECT coalesce(max(number), 0)::int AS number FROM config_releases',
    );
    return row?.number ?? 0;
  }

  async insert(manager: EntityManager, release: ConfigReleaseEntity): Promise<void> {
    await manager.insert(ConfigReleaseEntity, release as object);
  }

  async setPhase(manager: EntityManager, id: string, phase: string, at: Date): Promise<boolean> {
    return this.changed(manager, id, ['applying'], { phase, reportedAt: at });
  }

  /** Before the next one may become active: the index allows one. */
  async supersedeActive(manager: EntityManager, at: Date): Promise<void> {
    await manager.update(ConfigReleaseEntity, { status: 'active' }, { status: 'superseded', endedAt: at });
  }

  async activate(
    manager: EntityManager,
    id: string,
    from: ConfigReleaseStatus,
    verification: Record<string, unknown>,
    at: Date,
  ): Promise<boolean> {
    return this.changed(manager, id, [from], {
      status: 'active',
      phase: 'active',
      failure: null,
      verification,
      reportedAt: at,
      activatedAt: at,
      endedAt: null,
    });
  }

  async fail(
    manager: EntityManager,
    id: string,
    outcome: Pick<ConfigReleaseEntity, 'failure'> &
      Partial<Pick<ConfigReleaseEntity, 'phase' | 'verification'>>,
    at: Date,
  ): Promise<boolean> {
    return this.changed(manager, id, ['applying'], { ...outcome, status: 'failed', endedAt: at });
  }

  /** The active release was started anew, or could not be. */
  async setVerification(
    manager: EntityManager,
    id: string,
    verification: Record<string, unknown>,
    at: Date,
  ): Promise<boolean> {
    return this.changed(manager, id, ['active'], { verification, reportedAt: at });
  }

  /** Those of which nothing was heard since `before`. */
  async listSilent(manager: EntityManager, before: Date): Promise<ConfigReleaseEntity[]> {
    return manager
      .createQueryBuilder(ConfigReleaseEntity, 'release')
      .where(`release.status = 'applying'`)
      .andWhere('coalesce(release.reportedAt, release.createdAt) < :before', { before })
      .setLock('pessimistic_write')
      .getMany();
  }

  private async changed(
    manager: EntityManager,
    id: string,
    from: ConfigReleaseStatus[],
    values: Partial<ConfigReleaseEntity>,
  ): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .update(ConfigReleaseEntity)
      .set(values as object)
      .where('id = :id AND status IN (:...from)', { id, from })
      .execute();
    return (result.affected ?? 0) > 0;
  }
}
