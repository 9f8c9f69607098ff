import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export interface PermitRequest {
  host: string;
  /** The service token that asks for itself; null: the schedule. */
  actorId: string | null;
  now: Date;
  /** Permits older than this no longer count. */
  windowStart: Date;
  /** A permit that was taken before this, and never released, belonged to a process that died. */
  lostBefore: Date;
  perWindow: number;
  atOnce: number;
}

@Injectable()
export class ProbePermitRepository {
  /** @returns the permit's id, or null if there is none left */
  async take(manager: EntityManager, request: PermitRequest): Promise<string | null> {
    const { host, actorId, now, windowStart, lostBefore, perWindow, atOnce } = request;
    // One at a time for each host, until the transaction ends: two that count at once would both find room.
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7346))', [host]);
    const rows = await manager.query<{ id: string }[]>(
      `INSERT INTO probe_permits (host, actor_id, taken_at)
       SELECT $1, $2, $3::timestamptz FROM (
         SELECT count(*) AS taken,
           count(*) FILTER (WHERE released_at IS NULL AND taken_at > $5::timestamptz) AS running
         FROM probe_permits WHERE host = $1 AND taken_at > $4::timestamptz) AS known
       WHERE known.taken < $6 AND known.running < $7
       RETURNING id`,
      [host, actorId, now, windowStart, lostBefore, perWindow, atOnce],
    );
    return rows[0]?.id ?? null;
  }

  async release(manager: EntityManager, id: string, now: Date): Promise<void> {
    await manager.query('UPDATE probe_permits SET released_at = $2 WHERE id = $1', [id, now]);
  }

  async countOfActor(manager: EntityManager, actorId: string, since: Date): Promise<number> {
    const [row] = await manager.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM probe_permits WHERE actor_id = $1 AND taken_at > $2',
      [actorId, since],
    );
    return row?.count ?? 0;
  }

  async deleteOld(manager: EntityManager, before: Date): Promise<void> {
    await manager.query(
      `DELETE FROM probe_permits WHERE id IN (
         SELECT id FROM probe_permits WHERE taken_at < $1 ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      [before],
    );
  }
}
