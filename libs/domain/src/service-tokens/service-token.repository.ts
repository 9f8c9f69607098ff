import { Injectable } from '@nestjs/common';
import { ServiceTokenEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

export interface ServiceTokenFilter {
  organizationId?: string | undefined;
  /** Part of the name, in any case. */
  search?: string | undefined;
  status?: 'active' | 'revoked' | 'expired' | undefined;
}

export interface KnownToken extends ServiceTokenEntity {
  organizationDeleted: boolean;
}

@Injectable()
export class ServiceTokenRepository {
  async findByHash(manager: EntityManager, tokenHash: string): Promise<KnownToken | null> {
    const { entities, raw } = await manager
      .createQueryBuilder(ServiceTokenEntity, 'token')
      .leftJoin('organizations', 'organization', 'organization.id = token.organizationId')
      .addSelect('organization.deleted_at IS NOT NULL', 'organization_deleted')
      .where('token.tokenHash = :tokenHash', { tokenHash })
      .getRawAndEntities<{ organization_deleted: boolean }>();
    const [token] = entities;
    return token ? { ...token, organizationDeleted: raw[0]?.organization_deleted ?? false } : null;
  }

  /** Several processes may see the same token: the condition keeps it to one write a minute between them. */
  async touch(manager: EntityManager, id: string, at: Date, notBefore: Date): Promise<void> {
    await manager.query(
      `UPDATE service_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)`,
      [id, at, notBefore],
    );
  }
}
