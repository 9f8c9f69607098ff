import { Injectable } from '@nestjs/common';
import { SealedSecretEntity, type Tenant, TenantTransactions } from '@signalbox/database';
import type { KeptRow, SealedRow, SealedRows } from '@signalbox/secrets';

function tenantOf(organizationId: string | null): Tenant {
  return organizationId === null ? 'platform' : { organizationId };
}

/** A secret that was deleted and saved anew starts with revision 1 again, so the time of its creation belongs to it. */
function versionOf({ createdAt, revision }: Pick<SealedSecretEntity, 'createdAt' | 'revision'>): string {
  return `${createdAt.getTime()}-${revision}`;
}

/** The rows of the sealed store. Each is reached on behalf of its own organization, so that row-level security holds here too. */
@Injectable()
export class SealedSecretRepository implements SealedRows {
  constructor(private readonly transactions: TenantTransactions) {}

  async find(organizationId: string | null, name: string): Promise<KeptRow | null> {
    const row = await this.transactions.run(tenantOf(organizationId), (manager) =>
      manager.findOneBy(SealedSecretEntity, { name }),
    );
    return row && { sealedValue: row.sealedValue, version: versionOf(row) };
  }

  async put({ name, organizationId, sealedValue, keyId }: SealedRow): Promise<void> {
    await this.transactions.run(tenantOf(organizationId), (manager) =>
      manager.query(
        `INSERT INTO sealed_secrets AS kept (name, organization_id, sealed_value, key_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET sealed_value = excluded.sealed_value, key_id = excluded.key_id,
           revision = kept.revision + 1, updated_at = now()`,
        [name, organizationId, sealedValue, keyId],
      ),
    );
  }

  async delete(organizationId: string | null, name: string): Promise<void> {
    await this.transactions.run(tenantOf(organizationId), (manager) =>
      manager.delete(SealedSecretEntity, { name }),
    );
  }

  async list(organizationId: string | null, prefix: string): Promise<{ name: string; version: string }[]> {
    const rows = await this.transactions.run(tenantOf(organizationId), (manager) =>
      manager
        .createQueryBuilder(SealedSecretEntity, 'kept')
        .where(
          organizationId === null ? 'kept.organizationId IS NULL' : 'kept.organizationId = :organizationId',
          {
            organizationId,
          },
        )
        .andWhere('starts_with(kept.name, :prefix)', { prefix })
        .orderBy('kept.name')
        .getMany(),
    );
    return rows.map((row) => ({ name: row.name, version: versionOf(row) }));
  }
}
