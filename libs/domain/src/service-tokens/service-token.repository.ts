import { Injectable } from '@nestjs/common';
import { containsPattern, OrganizationEntity, ServiceTokenEntity } from '@signalbox/database';
import { type EntityManager, IsNull } from 'typeorm';

export const serviceTokenStatuses = ['active', 'revoked', 'expired'] as const;
export type ServiceTokenStatus = (typeof serviceTokenStatuses)[number];

export interface ServiceTokenFilter {
  organizationId?: string | undefined;
  /** Part of the name, of the id, or of the shown end of the value. */
  search?: string | undefined;
  status?: ServiceTokenStatus | undefined;
}

export interface KnownToken {
  token: ServiceTokenEntity;
  organizationDeleted: boolean;
}

const statusConditions: Record<ServiceTokenStatus, string> = {
  active: 'token.revokedAt IS NULL AND (token.expiresAt IS NULL OR token.expiresAt > :now)',
  revoked: 'token.revokedAt IS NOT NULL',
  expired: 'token.revokedAt IS NULL AND token.expiresAt <= :now',
};

@Injectable()
export class ServiceTokenRepository {
  async findByHash(manager: EntityManager, tokenHash: string): Promise<KnownToken | null> {
    const { entities, raw } = await manager
      .createQueryBuilder(ServiceTokenEntity, 'token')
      .leftJoin(OrganizationEntity, 'organization', 'organization.id = token.organizationId')
      .addSelect('organization.deletedAt IS NOT NULL', 'organization_deleted')
      .where('token.tokenHash = :tokenHash', { tokenHash })
      .getRawAndEntities<{ organization_deleted: boolean }>();
    const [token] = entities;
    return token ? { token, organizationDeleted: raw[0]?.organization_deleted ?? false } : null;
  }

  /** Several processes may see the same token: the condition keeps it to one write a minute between them. */
  async touch(manager: EntityManager, id: string, at: Date, notBefore: Date): Promise<void> {
    await manager.query(
      `UPDATE service_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)`,
      [id, at, notBefore],
    );
  }

  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: ServiceTokenFilter,
    page: { limit: number; before: string | null; now: Date },
  ): Promise<ServiceTokenEntity[]> {
    const query = manager
      .createQueryBuilder(ServiceTokenEntity, 'token')
      .orderBy('token.id', 'DESC')
      .limit(page.limit);
    const { organizationId, status, search } = filter;
    if (page.before !== null) query.andWhere('token.id < :before', { before: page.before });
    if (organizationId !== undefined)
      query.andWhere('token.organizationId = :organizationId', { organizationId });
    if (status !== undefined) query.andWhere(`(${statusConditions[status]})`, { now: page.now });
    if (search !== undefined) {
      query.andWhere(
        '(token.name ILIKE :pattern OR token.id ILIKE :pattern OR token.tokenName ILIKE :pattern)',
        {
          pattern: containsPattern(search),
        },
      );
    }
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<ServiceTokenEntity | null> {
    return manager.findOneBy(ServiceTokenEntity, { id });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<ServiceTokenEntity | null> {
    return manager.findOne(ServiceTokenEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async hasOrganization(manager: EntityManager, id: string): Promise<boolean> {
    return manager.existsBy(OrganizationEntity, { id, deletedAt: IsNull() });
  }

  async insert(manager: EntityManager, token: ServiceTokenEntity): Promise<void> {
    await manager.insert(ServiceTokenEntity, token);
  }

  async setRevoked(manager: EntityManager, id: string, revokedAt: Date): Promise<void> {
    await manager.update(ServiceTokenEntity, { id }, { revokedAt });
  }
}
