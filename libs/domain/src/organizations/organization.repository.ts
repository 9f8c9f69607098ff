import { Injectable } from '@nestjs/common';
import { containsPattern, OrganizationEntity, ServiceEntity, WorkspaceEntity } from '@signalbox/database';
import { type EntityManager, IsNull } from 'typeorm';

export interface OrganizationFilter {
  search?: string | undefined;
  blocked?: boolean | undefined;
}

@Injectable()
export class OrganizationRepository {
  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: OrganizationFilter,
    page: { limit: number; before: string | null },
  ): Promise<OrganizationEntity[]> {
    const query = manager
      .createQueryBuilder(OrganizationEntity, 'organization')
      .where('organization.deletedAt IS NULL')
      .orderBy('organization.id', 'DESC')
      .limit(page.limit);
    if (page.before !== null) query.andWhere('organization.id < :before', { before: page.before });
    if (filter.blocked !== undefined) {
      query.andWhere('organization.blocked = :blocked', { blocked: filter.blocked });
    }
    if (filter.search !== undefined) {
      query.andWhere('(organization.name ILIKE :pattern OR organization.id ILIKE :pattern)', {
        pattern: containsPattern(filter.search),
      });
    }
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<OrganizationEntity | null> {
    return manager.findOneBy(OrganizationEntity, { id, deletedAt: IsNull() });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<OrganizationEntity | null> {
    return manager.findOne(OrganizationEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async insert(manager: EntityManager, organization: OrganizationEntity): Promise<void> {
    await manager.insert(OrganizationEntity, organization as object);
  }

  async save(manager: EntityManager, organization: OrganizationEntity): Promise<void> {
    const { id, createdAt: _createdAt, ...columns } = organization;
    await manager.update(OrganizationEntity, { id }, columns as object);
  }

  /** Without workspaces no key is left that could name them. @returns their ids */
  async deleteServices(manager: EntityManager, organizationId: string, at: Date): Promise<string[]> {
    const { raw } = await manager
      .createQueryBuilder()
      .update(ServiceEntity)
      .set({ deletedAt: at, updatedAt: at, version: () => 'version + 1' })
      .where({ organizationId, deletedAt: IsNull() })
      .returning('id')
      .execute();
    return (raw as { id: string }[]).map(({ id }) => id);
  }

  async countWorkspaces(manager: EntityManager, organizationId: string): Promise<number> {
    return manager.countBy(WorkspaceEntity, { organizationId, deletedAt: IsNull() });
  }
}
