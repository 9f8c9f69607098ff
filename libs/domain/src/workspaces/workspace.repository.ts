import { Injectable } from '@nestjs/common';
import {
  containsPattern,
  type MirrorState,
  OrganizationEntity,
  VirtualKeyEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { type EntityManager, IsNull, type SelectQueryBuilder } from 'typeorm';

export interface WorkspaceFilter {
  organizationId?: string | undefined;
  /** Part of the name or of the id, in any case. */
  search?: string | undefined;
  blocked?: boolean | undefined;
  mirrorState?: MirrorState | undefined;
}

@Injectable()
export class WorkspaceRepository {
  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: WorkspaceFilter,
    page: { limit: number; before: string | null },
  ): Promise<WorkspaceEntity[]> {
    const query = manager
      .createQueryBuilder(WorkspaceEntity, 'workspace')
      .where('workspace.deletedAt IS NULL')
      .orderBy('workspace.id', 'DESC')
      .limit(page.limit);
    if (page.before !== null) query.andWhere('workspace.id < :before', { before: page.before });
    applyFilter(query, filter);
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<WorkspaceEntity | null> {
    return manager.findOneBy(WorkspaceEntity, { id, deletedAt: IsNull() });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<WorkspaceEntity | null> {
    return manager.findOne(WorkspaceEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Held until the end of the transaction, so that the organization cannot be deleted under the new workspace. */
  async lockOrganization(manager: EntityManager, id: string): Promise<OrganizationEntity | null> {
    return manager.findOne(OrganizationEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_read' },
    });
  }

  async insert(manager: EntityManager, workspace: WorkspaceEntity): Promise<void> {
    await manager.insert(WorkspaceEntity, workspace as object);
  }

  async save(manager: EntityManager, workspace: WorkspaceEntity): Promise<void> {
    const { id, createdAt: _createdAt, organization: _organization, ...columns } = workspace;
    await manager.update(WorkspaceEntity, { id }, columns as object);
  }

  async countVirtualKeys(manager: EntityManager, workspaceId: string): Promise<number> {
    return manager.countBy(VirtualKeyEntity, { workspaceId, deletedAt: IsNull() });
  }
}

function applyFilter(query: SelectQueryBuilder<WorkspaceEntity>, filter: WorkspaceFilter): void {
  const { organizationId, blocked, mirrorState, search } = filter;
  if (organizationId !== undefined) {
    query.andWhere('workspace.organizationId = :organizationId', { organizationId });
  }
  if (blocked !== undefined) query.andWhere('workspace.blocked = :blocked', { blocked });
  if (mirrorState !== undefined) query.andWhere('workspace.mirrorState = :mirrorState', { mirrorState });
  if (search === undefined) return;
  query.andWhere('(workspace.name ILIKE :pattern OR workspace.id ILIKE :pattern)', {
    pattern: containsPattern(search),
  });
}
