import { Injectable } from '@nestjs/common';
import { CredentialVersionEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

/** A secret is needed while a version says that it lies there. */
const isNeeded = `version.secret_store = $1 AND version.erased_at IS NULL`;

@Injectable()
export class SecretSweepRepository {
  /** Of the sealed store, all at once. */
  async deleteUnneededRows(manager: EntityManager, before: Date): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM sealed_secrets secret
       WHERE secret.updated_at < $2 AND split_part(secret.name, '/', 2) = 'credentials' AND NOT EXISTS (
         SELECT 1 FROM credential_versions version WHERE ${isNeeded}
           AND version.secret_name = split_part(secret.name, '/', 3)
           AND version.organization_id IS NOT DISTINCT FROM secret.organization_id)`,
      ['sealed', before],
    );
    return count;
  }

  async neededNames(
    manager: EntityManager,
    store: 'infisical',
    organizationId: string | null,
  ): Promise<Set<string>> {
    const rows = await manager.query<{ name: string }[]>(
      `SELECT version.secret_name AS name FROM credential_versions version
       WHERE ${isNeeded} AND version.organization_id IS NOT DISTINCT FROM $2`,
      [store, organizationId],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Versions that are over since then, of which the secret is still there: the store was away when they ended. */
  async listToErase(manager: EntityManager, before: Date, limit: number): Promise<CredentialVersionEntity[]> {
    return manager
      .createQueryBuilder(CredentialVersionEntity, 'version')
      .innerJoin('version.credential', 'credential')
      .where('version.erasedAt IS NULL')
      .andWhere(
        `((version.status IN ('retired', 'failed') AND coalesce(version.retiredAt, version.createdAt) < :before)
          OR credential.deletedAt < :before)`,
        { before },
      )
      .orderBy('version.id')
      .limit(limit)
      .getMany();
  }
}
