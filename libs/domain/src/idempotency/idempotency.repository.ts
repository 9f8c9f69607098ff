import { Injectable } from '@nestjs/common';
import { IdempotencyRecordEntity } from '@signalbox/database';
import type { Caller, IdempotencyClaim } from '@signalbox/domain/access';
import type { EntityManager } from 'typeorm';

export interface Claiming {
  key: string;
  requestHash: string;
  now: Date;
  lockedUntil: Date;
  expiresAt: Date;
}

const purgedPerClaim = 10;

@Injectable()
export class IdempotencyRepository {
  /** @returns false when the key is known and neither expired nor abandoned before its change was made */
  async claim(manager: EntityManager, caller: Caller, claiming: Claiming): Promise<boolean> {
    const { key, requestHash, now, lockedUntil, expiresAt } = claiming;
    const rows: unknown[] = await manager.query(
      `INSERT INTO idempotency_records AS known
         (service_token_id, idempotency_key, organization_id, request_hash, locked_until, expires_at, created_at)
       VALUES ($1, $2, $3, $4, $6, $7, $5)
       ON CONFLICT (service_token_id, idempotency_key) DO UPDATE
       SET request_hash = $4, locked_until = $6, expires_at = $7, created_at = $5,
           response_status = NULL, sealed_response = NULL, carried_out = NULL
       WHERE known.expires_at <= $5
          OR (known.request_hash = $4 AND known.locked_until <= $5
              AND known.response_status IS NULL AND known.carried_out IS NULL)
       RETURNING 1`,
      [caller.actorId, key, caller.organizationId, requestHash, now, lockedUntil, expiresAt],
    );
    return rows.length === 1;
  }

  async find(manager: EntityManager, caller: Caller, key: string): Promise<IdempotencyRecordEntity | null> {
    return manager.findOneBy(IdempotencyRecordEntity, {
      serviceTokenId: caller.actorId,
      idempotencyKey: key,
    });
  }

  async storeAnswer(
    manager: EntityManager,
    caller: Caller,
    claim: IdempotencyClaim,
    status: number,
    sealedResponse: string,
  ): Promise<void> {
    await manager.query(
      `UPDATE idempotency_records SET response_status = $4, sealed_response = $5
       WHERE service_token_id = $1 AND idempotency_key = $2 AND created_at = $3`,
      [caller.actorId, claim.key, claim.claimedAt, status, sealedResponse],
    );
  }

  async renew(
    manager: EntityManager,
    caller: Caller,
    claim: IdempotencyClaim,
    lockedUntil: Date,
  ): Promise<void> {
    await manager.query(
      `UPDATE idempotency_records SET locked_until = $4
       WHERE service_token_id = $1 AND idempotency_key = $2 AND created_at = $3`,
      [caller.actorId, claim.key, claim.claimedAt, lockedUntil],
    );
  }

  /** A request that failed: its key is free, or, if the change was made all the same, no longer waited for. */
  async release(manager: EntityManager, caller: Caller, claim: IdempotencyClaim, now: Date): Promise<void> {
    const own = 'service_token_id = $1 AND idempotency_key = $2 AND created_at = $3';
    const parameters = [caller.actorId, claim.key, claim.claimedAt];
    await manager.query(`DELETE FROM idempotency_records WHERE ${own} AND carried_out IS NULL`, parameters);
    await manager.query(`UPDATE idempotency_records SET locked_until = $4 WHERE ${own}`, [
      ...parameters,
      now,
    ]);
  }

  /** Each claim takes away more than it adds, so the table stays bounded without a schedule. */
  async purgeExpired(manager: EntityManager, now: Date): Promise<void> {
    await manager.query(
      `DELETE FROM idempotency_records WHERE (service_token_id, idempotency_key) IN (
         SELECT service_token_id, idempotency_key FROM idempotency_records
         WHERE expires_at <= $1 LIMIT ${purgedPerClaim} FOR UPDATE SKIP LOCKED)`,
      [now],
    );
  }
}
