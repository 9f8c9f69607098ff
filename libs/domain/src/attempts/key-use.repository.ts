import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttemptRow } from './attempt-event';

/** A value in steady use is not written at each call. */
const precisionSeconds = 10;

@Injectable()
export class KeyUseRepository {
  /** When each value of a virtual key was last used. Rows are locked in order, so that two workers never wait for each other. */
  async note(manager: EntityManager, rows: readonly AttemptRow[]): Promise<void> {
    if (rows.length === 0) return;
    await manager.query(
      `WITH used AS (
         SELECT attempt.key_hash, LEAST(max(attempt.ended_at), now()) AS at
         FROM jsonb_to_recordset($1::jsonb) AS attempt (key_hash text, ended_at timestamptz) GROUP BY attempt.key_hash),
       older AS (
         SELECT secret.id, used.at FROM virtual_key_secrets secret JOIN used ON used.key_hash = secret.key_hash
         WHERE secret.last_used_at IS NULL OR secret.last_used_at < used.at - interval '${precisionSeconds} seconds'
         ORDER BY secret.id FOR NO KEY UPDATE OF secret)
       UPDATE virtual_key_secrets secret SET last_used_at = older.at FROM older WHERE secret.id = older.id`,
      [JSON.stringify(rows.map(({ key_hash, ended_at }) => ({ key_hash, ended_at })))],
    );
  }
}
