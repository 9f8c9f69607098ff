import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

@Injectable()
export class ImportTargetRepository {
  /** Whether the owner has this very key, in any of its credentials. */
  async hasKey(manager: EntityManager, ownerKey: string, fingerprint: string): Promise<boolean> {
    return exists(
      manager,
      `SELECT 1 FROM credential_versions version JOIN credentials credential ON credential.id = version.credential_id
       WHERE credential.owner_key = $1 AND version.fingerprint = $2 AND credential.deleted_at IS NULL`,
      [ownerKey, fingerprint],
    );
  }

  /** Whether it has another enabled one of that provider, which may be named by id, name or kind. */
  async hasOther(manager: EntityManager, ownerKey: string, provider: string): Promise<boolean> {
    return exists(
      manager,
      `SELECT 1 FROM credentials credential JOIN providers provider ON provider.id = credential.provider_id
       WHERE credential.owner_key = $1 AND $2 IN (provider.id, provider.name, provider.kind)
         AND credential.purpose = 'inference' AND credential.enabled AND credential.deleted_at IS NULL`,
      [ownerKey, provider],
    );
  }

  async hasProvider(manager: EntityManager, provider: string): Promise<boolean> {
    return exists(manager, 'SELECT 1 FROM providers WHERE $1 IN (id, name, kind)', [provider]);
  }

  async hasOrganization(manager: EntityManager, id: string): Promise<boolean> {
    return exists(manager, 'SELECT 1 FROM organizations WHERE id = $1 AND deleted_at IS NULL', [id]);
  }

  /** @param organizationId undefined: of any */
  async hasWorkspace(manager: EntityManager, id: string, organizationId?: string): Promise<boolean> {
    return exists(
      manager,
      `SELECT 1 FROM workspaces WHERE id = $1 AND organization_id = coalesce($2, organization_id)
         AND deleted_at IS NULL`,
      [id, organizationId ?? null],
    );
  }
}

async function exists(manager: EntityManager, query: string, parameters: unknown[]): Promise<boolean> {
  const rows = await manager.query<unknown[]>(`${query} LIMIT 1`, parameters);
  return rows.length > 0;
}
