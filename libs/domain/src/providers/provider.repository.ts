import { Injectable } from '@nestjs/common';
import { containsPattern, CredentialEntity, DeploymentEntity, ProviderEntity } from '@signalbox/database';
import { type EntityManager, IsNull, Not } from 'typeorm';

export interface ProviderFilter {
  search?: string | undefined;
  kind?: string | undefined;
  enabled?: boolean | undefined;
}

@Injectable()
export class ProviderRepository {
  /** By name; `after` is the name of the last row of the page before. */
  async list(
    manager: EntityManager,
    filter: ProviderFilter,
    limit: number,
    after: string | null,
  ): Promise<ProviderEntity[]> {
    const query = manager.createQueryBuilder(ProviderEntity, 'provider').orderBy('provider.name').take(limit);
    if (after !== null) query.andWhere('provider.name > :after', { after });
    if (filter.kind !== undefined) query.andWhere('provider.kind = :kind', { kind: filter.kind });
    if (filter.enabled !== undefined)
      query.andWhere('provider.enabled = :enabled', { enabled: filter.enabled });
    if (filter.search !== undefined) {
      query.andWhere(`(provider.name ILIKE :search OR provider.description ILIKE :search)`, {
        search: containsPattern(filter.search),
      });
    }
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<ProviderEntity | null> {
    return manager.findOne(ProviderEntity, { where: { id } });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<ProviderEntity | null> {
    return manager.findOne(ProviderEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async findByName(manager: EntityManager, name: string): Promise<ProviderEntity | null> {
    return manager.findOne(ProviderEntity, { where: { name } });
  }

  async listOfKind(manager: EntityManager, kind: string, limit: number): Promise<ProviderEntity[]> {
    return manager.find(ProviderEntity, { where: { kind }, order: { id: 'ASC' }, take: limit });
  }

  /** The oldest one that reaches the vendor itself: there a platform key belongs. */
  async findVendorOwn(manager: EntityManager, kind: string): Promise<ProviderEntity | null> {
    return manager
      .createQueryBuilder(ProviderEntity, 'provider')
      .where('provider.kind = :kind AND provider.baseUrl IS NULL', { kind })
      .orderBy('provider.id')
      .getOne();
  }

  async insert(manager: EntityManager, provider: ProviderEntity): Promise<void> {
    await manager.insert(ProviderEntity, provider as object);
  }

  async save(manager: EntityManager, provider: ProviderEntity): Promise<ProviderEntity> {
    return manager.save(provider);
  }

  async countDeployments(manager: EntityManager, providerId: string): Promise<number> {
    return manager.count(DeploymentEntity, { where: { providerId } });
  }

  /** Keys that somebody saved; references to the environment are made anew from it. */
  async countCredentials(manager: EntityManager, providerId: string): Promise<number> {
    return manager.countBy(CredentialEntity, { providerId, source: Not('env'), deletedAt: IsNull() });
  }

  /**
   * Its references to the environment go with it. Rows of credentials stay: the versions of an owner's rows, added up,
   * guard the order of its documents, so that sum may never get smaller.
   */
  async delete(manager: EntityManager, id: string, now: Date): Promise<void> {
    await manager.query(
      `UPDATE credentials SET provider_id = NULL, reference = NULL, enabled = false, state = 'disabled',
         deleted_at = COALESCE(deleted_at, $2),
         version = version + CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END, updated_at = $2
       WHERE provider_id = $1`,
      [id, now],
    );
    await manager.delete(ProviderEntity, { id });
  }
}
