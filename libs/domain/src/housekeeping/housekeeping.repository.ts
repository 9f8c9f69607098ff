import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export interface EndedKey {
  subjectId: string;
  organizationId: string;
}

@Injectable()
export class HousekeepingRepository {
  async deleteExpiredIdempotencyRecords(manager: EntityManager, now: Date, limit: number): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM idempotency_records WHERE (service_token_id, idempotency_key) IN (
         SELECT service_token_id, idempotency_key FROM idempotency_records WHERE expires_at <= $1 LIMIT $2
         FOR UPDATE SKIP LOCKED)`,
      [now, limit],
    );
    return count;
  }

  /**
   * With the changes that they held and that ended by themselves. What a person decided stays: it says what is not to be held again.
   * The newest sync stays too, since the next one is due after it.
   */
  async deleteCatalogueSyncs(manager: EntityManager, before: Date): Promise<number> {
    await manager.query(`DELETE FROM catalogue_changes WHERE state = 'superseded' AND updated_at < $1`, [
      before,
    ]);
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM catalogue_syncs WHERE ended_at < $1 AND id <> (SELECT max(id) FROM catalogue_syncs)`,
      [before],
    );
    return count;
  }

  /**
   * With their results. One stays while its key is to be revoked, and while a score rests on it that is in force or waits for a person.
   * By created_at too, which has an index.
   */
  async deleteBenchmarkRuns(manager: EntityManager, before: Date): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM benchmark_runs run WHERE created_at < $1 AND ended_at < $1
         AND (virtual_key_id IS NULL OR key_ended_at IS NOT NULL)
         AND NOT EXISTS (SELECT FROM quality_scores score
           WHERE score.benchmark_run_id = run.id AND score.state IN ('in_force', 'proposed'))`,
      [before],
    );
    return count;
  }

  /** A rotated value ends by the clock, without a change that would erase its sealed copy. */
  async eraseEndedValues(manager: EntityManager, now: Date): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE virtual_key_secrets secret SET sealed_value = NULL FROM virtual_keys key
       WHERE key.id = secret.virtual_key_id AND secret.sealed_value IS NOT NULL
         AND (secret.valid_until <= $1 OR key.revoked_at IS NOT NULL OR key.deleted_at IS NOT NULL)`,
      [now],
    );
    return count;
  }

  /** Keys with a value that ended and that LiteLLM may still have. */
  async keysWithEndedValues(manager: EntityManager, now: Date, limit: number): Promise<EndedKey[]> {
    return manager.query<EndedKey[]>(
      `SELECT DISTINCT key.id AS "subjectId", key.organization_id AS "organizationId"
       FROM virtual_key_secrets secret JOIN virtual_keys key ON key.id = secret.virtual_key_id
       WHERE secret.mirror_state <> 'removed'
         AND (secret.valid_until <= $1 OR key.revoked_at IS NOT NULL OR key.deleted_at IS NOT NULL)
       LIMIT $2`,
      [now, limit],
    );
  }
}
