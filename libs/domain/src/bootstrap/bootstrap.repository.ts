import { Injectable } from '@nestjs/common';
import { OrganizationEntity, ServiceTokenEntity, WorkspaceEntity } from '@signalbox/database';
import { type EntityManager, IsNull } from 'typeorm';

export type ValueState = 'usable' | 'ended' | 'unknown';

/** What the first start has to know of the tables of all features: what was ever there, and by whom. */
@Injectable()
export class BootstrapRepository {
  /** Deleted ones count: what somebody removed does not come back. */
  async hasEverHadOrganization(manager: EntityManager): Promise<boolean> {
    return manager.existsBy(OrganizationEntity, {});
  }

  async hasEverHadWorkspace(manager: EntityManager): Promise<boolean> {
    return manager.existsBy(WorkspaceEntity, {});
  }

  async oldestOrganization(manager: EntityManager): Promise<OrganizationEntity | null> {
    return manager.findOne(OrganizationEntity, { where: { deletedAt: IsNull() }, order: { id: 'ASC' } });
  }

  async oldestWorkspace(manager: EntityManager): Promise<WorkspaceEntity | null> {
    return manager.findOne(WorkspaceEntity, { where: { deletedAt: IsNull() }, order: { id: 'ASC' } });
  }

  async wasModelEverMade(manager: EntityManager, name: string): Promise<boolean> {
    const rows: unknown[] = await manager.query(
      `SELECT FROM audit_events WHERE chain = 'platform' AND action = 'model.created' AND changes->>'name' = $1 LIMIT 1`,
      [name],
    );
    return rows.length > 0;
  }

  /** Tokens that an earlier run made and that are still valid. */
  async liveTokensMadeBy(manager: EntityManager, createdBy: string): Promise<ServiceTokenEntity[]> {
    return manager.find(ServiceTokenEntity, { where: { createdBy, revokedAt: IsNull() } });
  }

  async stateOfToken(manager: EntityManager, tokenHash: string, now: Date): Promise<ValueState> {
    return this.stateOf(
      manager,
      `SELECT revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) AS usable
       FROM service_tokens WHERE token_hash = $1`,
      [tokenHash, now],
    );
  }

  async stateOfVirtualKey(manager: EntityManager, keyHash: string, now: Date): Promise<ValueState> {
    return this.stateOf(
      manager,
      `SELECT k.revoked_at IS NULL AND k.deleted_at IS NULL AND (s.valid_until IS NULL OR s.valid_until > $2) AS usable
       FROM virtual_key_secrets s JOIN virtual_keys k ON k.id = s.virtual_key_id WHERE s.key_hash = $1`,
      [keyHash, now],
    );
  }

  /** A key of an earlier run that can be given a new value. */
  async liveVirtualKeyMadeBy(manager: EntityManager, createdBy: string): Promise<string | null> {
    const rows: { id: string }[] = await manager.query(
      `SELECT id FROM virtual_keys WHERE created_by = $1 AND revoked_at IS NULL AND deleted_at IS NULL
       ORDER BY id LIMIT 1`,
      [createdBy],
    );
    return rows[0]?.id ?? null;
  }

  private async stateOf(manager: EntityManager, sql: string, parameters: unknown[]): Promise<ValueState> {
    const rows: { usable: boolean }[] = await manager.query(sql, parameters);
    if (!rows[0]) return 'unknown';
    return rows[0].usable ? 'usable' : 'ended';
  }
}
