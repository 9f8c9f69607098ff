import { Injectable } from '@nestjs/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import type { CredentialOwner } from '@signalbox/domain/credentials';
import { type EntityManager, IsNull } from 'typeorm';

export interface ImportedCredential {
  readonly credential: CredentialEntity;
  readonly version: CredentialVersionEntity;
}

@Injectable()
export class ImportRepository {
  /** Until the end of the transaction nobody else takes in the same key. */
  async lock(manager: EntityManager, organizationId: string | null, secretName: string): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `credential.pull ${organizationId ?? 'platform'} ${secretName}`,
    ]);
  }

  /** @returns null: there is no such owner (any more). Holds it, so that it cannot be deleted meanwhile. */
  async owner(
    manager: EntityManager,
    organizationId: string | null,
    workspaceId: string | null,
  ): Promise<CredentialOwner | null> {
    const none = { workspaceId: null, userId: null };
    if (organizationId === null) {
      return workspaceId === null ? { ownerType: 'platform', organizationId, ...none } : null;
    }
    const lock = { mode: 'pessimistic_read' } as const;
    const organization = await manager.findOne(OrganizationEntity, {
      where: { id: organizationId, deletedAt: IsNull() },
      lock,
    });
    if (!organization) return null;
    if (workspaceId === null) return { ownerType: 'organization', organizationId, ...none };
    const workspace = await manager.findOne(WorkspaceEntity, {
      where: { id: workspaceId, organizationId, deletedAt: IsNull() },
      lock,
    });
    return workspace && { ownerType: 'workspace', organizationId, workspaceId, userId: null };
  }

  /** The latest one made of this secret, deleted or not, locked. */
  async latest(
    manager: EntityManager,
    organizationId: string | null,
    secretName: string,
  ): Promise<ImportedCredential | null> {
    const version = await manager.findOne(CredentialVersionEntity, {
      where: { secretName, organizationId: organizationId ?? IsNull() },
      order: { id: 'DESC' },
    });
    if (!version) return null;
    const credential = await manager.findOne(CredentialEntity, {
      where: { id: version.credentialId },
      lock: { mode: 'pessimistic_write' },
    });
    return credential && { credential, version };
  }

  /** Enabled ones, of one organization or of the platform. */
  async enabled(manager: EntityManager, organizationId: string | null): Promise<ImportedCredential[]> {
    const credentials = await manager.findBy(CredentialEntity, {
      source: 'store',
      enabled: true,
      deletedAt: IsNull(),
      organizationId: organizationId ?? IsNull(),
    });
    const found = [];
    for (const credential of credentials) {
      const version = await manager.findOneBy(CredentialVersionEntity, {
        id: credential.currentVersionId ?? '',
      });
      if (version) found.push({ credential, version });
    }
    return found;
  }

  async enabledForUpdate(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, {
      where: { id, enabled: true, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async isPlaceFree(
    manager: EntityManager,
    { ownerKey, providerId, purpose }: CredentialEntity,
  ): Promise<boolean> {
    const where = { ownerKey, providerId, purpose, enabled: true, deletedAt: IsNull() };
    return !(await manager.existsBy(CredentialEntity, where));
  }

  async insertVersion(manager: EntityManager, version: CredentialVersionEntity): Promise<void> {
    const { credential: _credential, ...row } = version;
    await manager.insert(CredentialVersionEntity, row);
  }

  /** Its value is not in the store any more. */
  async retire(manager: EntityManager, versionId: string, now: Date): Promise<void> {
    const gone = { status: 'retired', retiredAt: now, erasedAt: now } as const;
    await manager.update(CredentialVersionEntity, { id: versionId }, gone);
  }
}
