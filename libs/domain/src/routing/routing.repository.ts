import { Injectable } from '@nestjs/common';
import {
  ConfigReleaseEntity,
  OrganizationEntity,
  PlatformSettingsEntity,
  platformSettingsId,
  type RoutingScope,
  RoutingVersionEntity,
  VirtualKeyEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import type { RoutingSubject } from './routing-subject';

type Holder = WorkspaceEntity | OrganizationEntity | PlatformSettingsEntity;

/** The row that has the rules, and what else counts for them. */
export interface RoutingRow {
  readonly subject: RoutingSubject;
  /** null: the platform's. */
  readonly organizationId: string | null;
  readonly version: number;
  readonly routing: Record<string, unknown>;
  /** The models that the workspace allows; empty: all of them, and above workspaces too. */
  readonly models: readonly string[];
}

/** Before anybody wrote anything, and so as the row that the first write finds. */
const unwrittenVersion = 1;

/** The rules of the three levels, and their versions. */
@Injectable()
export class RoutingRepository {
  /** @returns null for a subject that does not exist, or not for this tenant */
  async find(manager: EntityManager, subject: RoutingSubject, forUpdate = false): Promise<RoutingRow | null> {
    const lock = forUpdate ? { lock: { mode: 'pessimistic_write' as const } } : {};
    const { id } = subject;
    switch (subject.scope) {
      case 'workspace': {
        const row = await manager.findOne(WorkspaceEntity, { where: { id, deletedAt: IsNull() }, ...lock });
        return row && { ...rowOf(subject, row), organizationId: row.organizationId, models: row.models };
      }
      case 'organization': {
        const where = { id, deletedAt: IsNull() };
        const row = await manager.findOne(OrganizationEntity, { where, ...lock });
        return row && { ...rowOf(subject, row), organizationId: row.id };
      }
      case 'platform': {
        if (forUpdate) await this.ensurePlatform(manager);
        const row = await manager.findOne(PlatformSettingsEntity, {
          where: { id: platformSettingsId },
          ...lock,
        });
        return rowOf(subject, row ?? { version: unwrittenVersion, routing: {} });
      }
    }
  }

  async save(
    manager: EntityManager,
    { scope, id }: RoutingSubject,
    changed: { routing: Record<string, unknown>; version: number; updatedAt: Date },
  ): Promise<void> {
    await manager.update<Holder>(entityOf(scope), { id }, changed as object);
  }

  async addVersion(manager: EntityManager, version: RoutingVersionEntity): Promise<void> {
    await manager.insert(RoutingVersionEntity, version as object);
  }

  /** 0: none yet. Call it with the subject's row locked. */
  async lastNumber(manager: EntityManager, { scope, id }: RoutingSubject): Promise<number> {
    const last = await manager.findOne(RoutingVersionEntity, {
      select: { id: true, number: true },
      where: { scope, subjectId: id },
      order: { number: 'DESC' },
    });
    return last?.number ?? 0;
  }

  /** Newest first. @param before a number, of the last one of the page before */
  async listVersions(
    manager: EntityManager,
    { scope, id }: RoutingSubject,
    limit: number,
    before: number | null,
  ): Promise<RoutingVersionEntity[]> {
    return manager.find(RoutingVersionEntity, {
      where: { scope, subjectId: id, ...(before === null ? {} : { number: LessThan(before) }) },
      order: { number: 'DESC' },
      take: limit,
    });
  }

  async findVersion(manager: EntityManager, id: string): Promise<RoutingVersionEntity | null> {
    return manager.findOneBy(RoutingVersionEntity, { id });
  }

  async findKey(manager: EntityManager, id: string): Promise<VirtualKeyEntity | null> {
    return manager.findOneBy(VirtualKeyEntity, { id, deletedAt: IsNull() });
  }

  async activeRelease(manager: EntityManager): Promise<ConfigReleaseEntity | null> {
    return manager.findOne(ConfigReleaseEntity, {
      select: { id: true, number: true, models: true },
      where: { status: 'active' },
    });
  }

  private async ensurePlatform(manager: EntityManager): Promise<void> {
    await manager.query(
      'INSERT INTO platform_settings (id, version) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [platformSettingsId, unwrittenVersion],
    );
  }
}

function entityOf(scope: RoutingScope): new () => Holder {
  if (scope === 'workspace') return WorkspaceEntity;
  return scope === 'organization' ? OrganizationEntity : PlatformSettingsEntity;
}

function rowOf(
  subject: RoutingSubject,
  { version, routing }: { version: number; routing: Record<string, unknown> },
): RoutingRow {
  return { subject, organizationId: null, version, routing, models: [] };
}
