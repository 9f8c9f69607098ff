import { Injectable } from '@nestjs/common';
import { containsPattern, OrganizationEntity, ServiceEntity, VirtualKeyEntity } from '@signalbox/database';
import { type EntityManager, IsNull } from 'typeorm';

export interface ServiceFilter {
  organizationId?: string | undefined;
  /** Part of the name or of the id, in any case. */
  search?: string | undefined;
}

@Injectable()
export class ServiceRepository {
  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: ServiceFilter,
    page: { limit: number; before: string | null },
  ): Promise<ServiceEntity[]> {
    const query = manager
      .createQueryBuilder(ServiceEntity, 'service')
      .where('service.deletedAt IS NULL')
      .orderBy('service.id', 'DESC')
      .limit(page.limit);
    const { organizationId, search } = filter;
    if (page.before !== null) query.andWhere('service.id < :before', { before: page.before });
    if (organizationId !== undefined) {
      query.andWhere('service.organizationId = :organizationId', { organizationId });
    }
    if (search !== undefined) {
      const pattern = containsPattern(search);
      query.andWhere('(service.name ILIKE :pattern OR service.id ILIKE :pattern)', { pattern });
    }
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<ServiceEntity | null> {
    return manager.findOneBy(ServiceEntity, { id, deletedAt: IsNull() });
  }

  /** A key that is about to name the service waits, and then finds it gone. */
  async findForUpdate(manager: EntityManager, id: string): Promise<ServiceEntity | null> {
    return manager.findOne(ServiceEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Held until the end of the transaction, so that the organization cannot be deleted under the new service. */
  async lockOrganization(manager: EntityManager, id: string): Promise<OrganizationEntity | null> {
    return manager.findOne(OrganizationEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_read' },
    });
  }

  async insert(manager: EntityManager, service: ServiceEntity): Promise<void> {
    await manager.insert(ServiceEntity, service as object);
  }

  async save(manager: EntityManager, service: ServiceEntity): Promise<void> {
    const { id, createdAt: _createdAt, organization: _organization, ...columns } = service;
    await manager.update(ServiceEntity, { id }, columns);
  }

  async countVirtualKeys(manager: EntityManager, serviceId: string): Promise<number> {
    return manager.countBy(VirtualKeyEntity, { serviceId, deletedAt: IsNull() });
  }
}
