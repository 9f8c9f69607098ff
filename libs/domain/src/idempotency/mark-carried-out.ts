import { AppError } from '@signalbox/common';
import type { Caller } from '@signalbox/domain/access';
import type { EntityManager } from 'typeorm';

/** What the first audit event of a request was about. */
export interface CarriedOutTarget {
  targetType: string;
  targetId: string;
}

/**
 * In the transaction of the change: notes in the idempotency record that the change is made. So a process that dies
 * between this commit and its answer never makes a second change when the caller tries again. It also is a fence: a
 * request that ran longer than its lease, and was taken over, does not commit.
 */
export async function markCarriedOut(
  manager: EntityManager,
  caller: Caller,
  target: CarriedOutTarget,
): Promise<void> {
  if (!caller.idempotency) return;
  const { key, claimedAt } = caller.idempotency;
  const mark = JSON.stringify({ targetType: target.targetType, targetId: target.targetId });
  const [, marked] = await manager.query<[unknown, number]>(
    `UPDATE idempotency_records SET carried_out = COALESCE(carried_out, $4::jsonb)
     WHERE service_token_id = $1 AND idempotency_key = $2 AND created_at = $3`,
    [caller.actorId, key, claimedAt, mark],
  );
  if (marked === 1) return;
  throw new AppError(
    'idempotency_in_progress',
    'A repetition of this request took over. Try again in a moment.',
    {
      retryAfterSeconds: 1,
    },
  );
}
