import { Injectable } from '@nestjs/common';
import { newId } from '@signalbox/common';
import { CatalogueChangeEntity, type CatalogueChangeState } from '@signalbox/database';
import { type EntityManager, LessThan } from 'typeorm';
import type { HeldChange } from '../anomalies/judge-drafts';
import type { WaitingChange } from '../anomalies/judge-sync';

@Injectable()
export class HeldChangeRepository {
  async findForUpdate(manager: EntityManager, id: string): Promise<CatalogueChangeEntity | null> {
    return manager.findOne(CatalogueChangeEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async list(
    manager: EntityManager,
    state: CatalogueChangeState | undefined,
    limit: number,
    before: string | null,
  ): Promise<CatalogueChangeEntity[]> {
    const where = { ...(state && { state }), ...(before !== null && { id: LessThan(before) }) };
    return manager.find(CatalogueChangeEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async save(manager: EntityManager, change: CatalogueChangeEntity): Promise<void> {
    await manager.save(change);
  }

  async waiting(manager: EntityManager): Promise<WaitingChange[]> {
    return manager.query<WaitingChange[]>(
      `SELECT id, entry_id AS "entryId", provider, after->>'source' AS source, fingerprint FROM catalogue_changes
       WHERE state = 'waiting'`,
    );
  }

  /**
   * A change that waits already is not held a second time, nor one that a person refused. Nor one that was agreed to and leaves things as
   * they are: a price that nobody can read, of a model without a price.
   * @returns how many are new
   */
  async hold(
    manager: EntityManager,
    syncId: string,
    changes: readonly HeldChange[],
    at: Date,
  ): Promise<number> {
    if (changes.length === 0) return 0;
    const rows = changes.map((change) => ({ id: newId('catalogueChange', at.getTime()), ...change }));
    const added = await manager.query<unknown[]>(
      `INSERT INTO catalogue_changes (id, sync_id, entry_id, provider, anomaly, detail, before, after, fingerprint,
         state, created_at, updated_at)
       SELECT id, $2, "entryId", provider, anomaly, detail, nullif(before, 'null'), nullif(after, 'null'), fingerprint,
         'waiting', $3, $3
       FROM jsonb_to_recordset($1::jsonb) AS row (id text, "entryId" text, provider text, anomaly text, detail text,
         before jsonb, after jsonb, fingerprint text)
       WHERE NOT EXISTS (SELECT FROM catalogue_changes known WHERE known.fingerprint = row.fingerprint
         AND (known.state IN ('waiting', 'rejected')
           OR known.state = 'approved' AND known.after IS NULL AND nullif(row.before, 'null') IS NULL))
       ON CONFLICT DO NOTHING RETURNING 1`,
      [JSON.stringify(rows), syncId, at],
    );
    return added.length;
  }

  async supersede(manager: EntityManager, ids: readonly string[], at: Date): Promise<void> {
    if (ids.length === 0) return;
    await manager.query(
      `UPDATE catalogue_changes SET state = 'superseded', version = version + 1, updated_at = $2
       WHERE id = ANY($1) AND state = 'waiting'`,
      [ids, at],
    );
  }
}
