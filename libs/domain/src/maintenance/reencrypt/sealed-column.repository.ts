import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { SealedColumn } from './sealed-columns';

/** Sealed with another key than $1. */
function isBehind({ column, hasKeyColumn }: SealedColumn): string {
  return hasKeyColumn ? 'key_id <> $1' : `split_part(${column}, '.', 2) <> $1`;
}

/** Names of tables and columns come from sealed-columns.ts and from nowhere else. */
@Injectable()
export class SealedColumnRepository {
  async countBehind(manager: EntityManager, target: SealedColumn, keyId: string): Promise<number> {
    const [row] = await manager.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM ${target.table} WHERE ${isBehind(target)}`,
      [keyId],
    );
    return row?.count ?? 0;
  }

  /** In the order of names, those after the given one. */
  async pageBehind(
    manager: EntityManager,
    target: SealedColumn,
    keyId: string,
    after: string,
    limit: number,
  ): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      `SELECT ${target.id} AS id FROM ${target.table} WHERE ${isBehind(target)} AND ${target.id} > $2
       ORDER BY ${target.id} LIMIT $3`,
      [keyId, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Writers of this one row wait until the transaction ends; readers do not. */
  async lock(manager: EntityManager, target: SealedColumn, id: string): Promise<string | null> {
    const [row] = await manager.query<{ text: string | null }[]>(
      `SELECT ${target.column} AS text FROM ${target.table} WHERE ${target.id} = $1 FOR UPDATE`,
      [id],
    );
    return row?.text ?? null;
  }

  async replace(
    manager: EntityManager,
    target: SealedColumn,
    id: string,
    text: string,
    keyId: string,
  ): Promise<void> {
    const parameters = target.hasKeyColumn ? [id, text, keyId] : [id, text];
    await manager.query(
      `UPDATE ${target.table} SET ${target.column} = $2${target.hasKeyColumn ? ', key_id = $3' : ''}
       WHERE ${target.id} = $1`,
      parameters,
    );
  }
}
