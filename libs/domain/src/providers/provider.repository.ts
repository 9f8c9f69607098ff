import { Injectable } from '@nestjs/common';
import { containsPattern, DeploymentEntity, ProviderEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

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

  /** The oldest one that reaches the vendor itself: there a platform key belongs. */
  async findVendorOwn(manager: EntityManager, kind: string): Promise<ProviderEntity | null> {
    return manager
      .createQueryBuilder(ProviderEntity, 'provider')
      .where('provider.kind = :kind AND provider.baseUrl IS NULL', { kind })
      .orderBy('provider.id')
      .getOne();
  }

  async insert(manager: EntityManager, provider: ProviderEntity): Promise<void> {
    await manager.insert(ProviderEntity, provider);
  }

  async save(manager: EntityManager, provider: ProviderEntity): Promise<ProviderEntity> {
    return manager.save(provider);
  }

  async countDeployments(manager: EntityManager, providerId: string): Promise<number> {
    return manager.count(DeploymentEntity, { where: { providerId } });
  }

  /** Its credential rows go with it: they are only references. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.query('DELETE FROM credentials WHERE provider_id = $1', [id]);
    await manager.delete(ProviderEntity, { id });
  }
}
