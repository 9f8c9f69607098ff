import { Injectable } from '@nestjs/common';
import { OrganizationEntity, ServiceEntity, WorkspaceEntity } from '@signalbox/database';
import { type DeepPartial, type EntityManager, IsNull } from 'typeorm';

@Injectable()
export class BenchmarkTenantRepository {
  async organization(manager: EntityManager, purpose: string): Promise<OrganizationEntity | null> {
    return manager.findOneBy(OrganizationEntity, { purpose, deletedAt: IsNull() });
  }

  async workspace(manager: EntityManager, organizationId: string): Promise<WorkspaceEntity | null> {
    return manager.findOne(WorkspaceEntity, {
      where: { organizationId, deletedAt: IsNull() },
      order: { id: 'ASC' },
    });
  }

  async service(manager: EntityManager, organizationId: string, name: string): Promise<ServiceEntity | null> {
    return manager.findOneBy(ServiceEntity, { organizationId, name, deletedAt: IsNull() });
  }

  async saveOrganization(
    manager: EntityManager,
    row: DeepPartial<OrganizationEntity>,
  ): Promise<OrganizationEntity> {
    return manager.save(manager.create(OrganizationEntity, row));
  }

  async saveWorkspace(manager: EntityManager, row: DeepPartial<WorkspaceEntity>): Promise<WorkspaceEntity> {
    return manager.save(manager.create(WorkspaceEntity, row));
  }

  async saveService(manager: EntityManager, row: DeepPartial<ServiceEntity>): Promise<ServiceEntity> {
    return manager.save(manager.create(ServiceEntity, row));
  }
}
