import { Injectable } from '@nestjs/common';
import {
  ServiceEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { type EntityManager, IsNull, type SelectQueryBuilder } from 'typeorm';
import type { VirtualKeyFilter, VirtualKeyStatus } from './virtual-key.types';

const statusConditions: Record<VirtualKeyStatus, string> = {
  active: 'key.revokedAt IS NULL AND NOT key.blocked AND (key.expiresAt IS NULL OR key.expiresAt > :now)',
  blocked: 'key.revokedAt IS NULL AND key.blocked AND (key.expiresAt IS NULL OR key.expiresAt > :now)',
  expired: 'key.revokedAt IS NULL AND key.expiresAt <= :now',
  revoked: 'key.revokedAt IS NOT NULL',
};

/**
 * The subselect is run once for all rows; values are searched by the few characters that may be shown of them. Lower
 * case and LIKE take half the time of ILIKE, and ids are in lower case anyway.
 */
const searchCondition = `(lower(key.keyAlias) LIKE lower(:pattern) OR key.id LIKE lower(:pattern) OR key.id IN (
  SELECT virtual_key_id FROM virtual_key_secrets WHERE lower(key_name) LIKE lower(:pattern)))`;

/** Wildcards of LIKE lose their meaning, so that a search for `50%` finds just that. */
function containsPattern(search: string): string {
  return `%${search.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

@Injectable()
export class VirtualKeyRepository {
  /** Held until the end of the transaction, so that the workspace cannot be deleted under the new key. */
  async lockWorkspace(manager: EntityManager, id: string): Promise<WorkspaceEntity | null> {
    return manager.findOne(WorkspaceEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_read' },
    });
  }

  /** The same for the service that the key names, which must be of the key's organization. */
  async lockService(
    manager: EntityManager,
    organizationId: string,
    id: string,
  ): Promise<ServiceEntity | null> {
    return manager.findOne(ServiceEntity, {
      where: { id, organizationId, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_read' },
    });
  }

  async insert(manager: EntityManager, key: VirtualKeyEntity): Promise<void> {
    await manager.insert(VirtualKeyEntity, key as object);
  }

  async insertSecret(manager: EntityManager, secret: VirtualKeySecretEntity): Promise<void> {
    await manager.insert(VirtualKeySecretEntity, secret as object);
  }

  async find(manager: EntityManager, id: string): Promise<VirtualKeyEntity | null> {
    return manager.findOneBy(VirtualKeyEntity, { id, deletedAt: IsNull() });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<VirtualKeyEntity | null> {
    return manager.findOne(VirtualKeyEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Newest first: those that LiteLLM may still have, and in any case the newest one of each key. */
  async secretsOf(manager: EntityManager, keyIds: string[]): Promise<VirtualKeySecretEntity[]> {
    if (keyIds.length === 0) return [];
    return manager
      .createQueryBuilder(VirtualKeySecretEntity, 'secret')
      .where('secret.virtualKeyId IN (:...keyIds)', { keyIds })
      .andWhere(
        `(secret.mirrorState <> 'removed' OR secret.id = (
          SELECT max(newest.id) FROM virtual_key_secrets newest WHERE newest.virtual_key_id = secret.virtualKeyId))`,
      )
      .orderBy('secret.id', 'DESC')
      .getMany();
  }

  async countLiveValues(manager: EntityManager, keyId: string, now: Date): Promise<number> {
    return manager
      .createQueryBuilder(VirtualKeySecretEntity, 'secret')
      .where('secret.virtualKeyId = :keyId AND (secret.validUntil IS NULL OR secret.validUntil > :now)', {
        keyId,
        now,
      })
      .getCount();
  }

  /** No value of the key lives longer than `end`; those that end earlier stay as they are. */
  async endValues(manager: EntityManager, keyId: string, end: Date): Promise<void> {
    await manager.query(
      `UPDATE virtual_key_secrets SET valid_until = $2
       WHERE virtual_key_id = $1 AND (valid_until IS NULL OR valid_until > $2)`,
      [keyId, end],
    );
  }

  /** Of one value; null: it lives as long as the key. */
  async setEnd(manager: EntityManager, secretId: string, end: Date | null): Promise<void> {
    await manager.update(VirtualKeySecretEntity, { id: secretId }, { validUntil: end });
  }

  /** LiteLLM's copies are behind now; a sealed value is kept for it only while the value lives. */
  async markMirrorPending(manager: EntityManager, key: VirtualKeyEntity, now: Date): Promise<void> {
    await manager.query(
      `UPDATE virtual_key_secrets SET mirror_state = 'pending', mirror_error = NULL,
         sealed_value = CASE WHEN $2 OR valid_until <= $3 THEN NULL ELSE sealed_value END
       WHERE virtual_key_id = $1 AND mirror_state <> 'removed'`,
      [key.id, key.revokedAt !== null || key.deletedAt !== null, now],
    );
  }

  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: VirtualKeyFilter,
    page: { limit: number; before: string | null; now: Date },
  ): Promise<VirtualKeyEntity[]> {
    const query = manager
      .createQueryBuilder(VirtualKeyEntity, 'key')
      .where('key.deletedAt IS NULL')
      .orderBy('key.id', 'DESC')
      .limit(page.limit);
    if (page.before !== null) query.andWhere('key.id < :before', { before: page.before });
    applyFilter(query, filter, page.now);
    return query.getMany();
  }

  async save(manager: EntityManager, key: VirtualKeyEntity): Promise<void> {
    const { id, createdAt: _createdAt, workspace: _workspace, service: _service, ...columns } = key;
    await manager.update(VirtualKeyEntity, { id }, columns as object);
  }
}

function applyFilter(query: SelectQueryBuilder<VirtualKeyEntity>, filter: VirtualKeyFilter, now: Date): void {
  const { workspaceId, organizationId, keyAlias, userId, serviceId, status, search } = filter;
  if (workspaceId !== undefined) query.andWhere('key.workspaceId = :workspaceId', { workspaceId });
  if (organizationId !== undefined)
    query.andWhere('key.organizationId = :organizationId', { organizationId });
  if (keyAlias !== undefined) query.andWhere('key.keyAlias = :keyAlias', { keyAlias });
  if (userId !== undefined) query.andWhere('key.userId = :userId', { userId });
  if (serviceId !== undefined) query.andWhere('key.serviceId = :serviceId', { serviceId });
  if (status !== undefined) query.andWhere(`(${statusConditions[status]})`, { now });
  if (search !== undefined) {
    const patterns = { pattern: containsPattern(search), idPattern: containsPattern(search.toLowerCase()) };
    query.andWhere(searchCondition, patterns);
  }
}
