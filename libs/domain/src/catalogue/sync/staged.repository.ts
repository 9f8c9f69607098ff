import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What each step leaves for the next ones. */
export type StagedSource =
  'openrouter' | 'openrouter_malformed' | 'endpoints' | 'litellm' | 'draft' | 'plan' | 'vanish';

export interface StagedRow<Document> {
  readonly key: string;
  readonly document: Document;
}

@Injectable()
export class StagedRepository {
  /** A key that is there stays as it is. @returns how many were new */
  async add<Document>(
    manager: EntityManager,
    syncId: string,
    source: StagedSource,
    rows: readonly StagedRow<Document>[],
  ): Promise<number> {
    if (rows.length === 0) return 0;
    const added = await manager.query<unknown[]>(
      `INSERT INTO catalogue_staged (sync_id, source, key, document)
       SELECT $1, $2, row.key, row.document FROM jsonb_to_recordset($3::jsonb) AS row (key text, document jsonb)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [syncId, source, JSON.stringify(rows)],
    );
    return added.length;
  }

  async read<Document>(
    manager: EntityManager,
    syncId: string,
    source: StagedSource,
    limit: number | null = null,
  ): Promise<StagedRow<Document>[]> {
    return manager.query<StagedRow<Document>[]>(
      `SELECT key, document FROM catalogue_staged WHERE sync_id = $1 AND source = $2
       ORDER BY key COLLATE "C" LIMIT $3`,
      [syncId, source, limit],
    );
  }

  async has(manager: EntityManager, syncId: string, source: StagedSource): Promise<boolean> {
    const [row] = await manager.query<{ is: boolean }[]>(
      'SELECT EXISTS (SELECT FROM catalogue_staged WHERE sync_id = $1 AND source = $2) AS "is"',
      [syncId, source],
    );
    return row?.is ?? false;
  }

  async keys(manager: EntityManager, syncId: string, source: StagedSource): Promise<string[]> {
    const rows = await manager.query<{ key: string }[]>(
      'SELECT key FROM catalogue_staged WHERE sync_id = $1 AND source = $2',
      [syncId, source],
    );
    return rows.map(({ key }) => key);
  }

  async remove(
    manager: EntityManager,
    syncId: string,
    source: StagedSource,
    keys: readonly string[],
  ): Promise<void> {
    await manager.query('DELETE FROM catalogue_staged WHERE sync_id = $1 AND source = $2 AND key = ANY($3)', [
      syncId,
      source,
      keys,
    ]);
  }

  async removeSources(
    manager: EntityManager,
    syncId: string,
    sources: readonly StagedSource[],
  ): Promise<void> {
    await manager.query('DELETE FROM catalogue_staged WHERE sync_id = $1 AND source = ANY($2)', [
      syncId,
      sources,
    ]);
  }

  async removeAll(manager: EntityManager, syncId: string): Promise<void> {
    await manager.query('DELETE FROM catalogue_staged WHERE sync_id = $1', [syncId]);
  }
}
