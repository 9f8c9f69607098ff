import { Injectable } from '@nestjs/common';
import { ConfigReleaseEntity, type CredentialState, credentialStates } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

export interface MirrorCounts {
  pending: number;
  synced: number;
  failed: number;
}

export type CredentialCounts = Record<Exclude<CredentialState, 'disabled'>, number>;

export interface OutboxBacklog {
  pendingCount: number;
  /** Tried at least this often without success. */
  failingCount: number;
  oldestSeconds: number | null;
}

const failingAttempts = 3;

function toCounts(rows: { state: string; count: string }[]): MirrorCounts {
  const count = (state: keyof MirrorCounts): number =>
    Number(rows.find((row) => row.state === state)?.count ?? 0);
  return { pending: count('pending'), synced: count('synced'), failed: count('failed') };
}

/** Counts over the rows that the transaction's tenant sees. */
@Injectable()
export class StatusRepository {
  async workspaceMirror(manager: EntityManager): Promise<MirrorCounts> {
    return toCounts(
      await manager.query(
        'SELECT mirror_state AS state, count(*) FROM workspaces WHERE deleted_at IS NULL GROUP BY 1',
      ),
    );
  }

  /** By value and not by key: each value of a key has a row of its own in LiteLLM. */
  async virtualKeyMirror(manager: EntityManager): Promise<MirrorCounts> {
    return toCounts(
      await manager.query(
        `SELECT s.mirror_state AS state, count(*) FROM virtual_key_secrets s
         JOIN virtual_keys k ON k.id = s.virtual_key_id WHERE k.deleted_at IS NULL GROUP BY 1`,
      ),
    );
  }

  async credentials(manager: EntityManager): Promise<CredentialCounts> {
    const rows = await manager.query<{ state: CredentialState; count: string }[]>(
      'SELECT state, count(*) FROM credentials WHERE enabled AND deleted_at IS NULL GROUP BY 1',
    );
    const countOf = (state: CredentialState): number =>
      Number(rows.find((row) => row.state === state)?.count ?? 0);
    const states = credentialStates.filter((state) => state !== 'disabled');
    return Object.fromEntries(states.map((state) => [state, countOf(state)])) as CredentialCounts;
  }

  /** An item that is due at a later time by plan (the end of a rotated value) carries that time and is no backlog yet. */
  async outbox(manager: EntityManager): Promise<OutboxBacklog> {
    const [row] = await manager.query<{ pending: string; failing: string; oldest: string | null }[]>(
      `SELECT count(*) AS pending, count(*) FILTER (WHERE attempts >= ${failingAttempts}) AS failing,
              extract(epoch FROM now() - min(created_at)) AS oldest
       FROM outbox_items WHERE created_at <= now()`,
    );
    return {
      pendingCount: Number(row?.pending ?? 0),
      failingCount: Number(row?.failing ?? 0),
      oldestSeconds: row?.oldest ? Math.max(0, Math.round(Number(row.oldest))) : null,
    };
  }

  async release(manager: EntityManager, status: 'active' | 'applying'): Promise<ConfigReleaseEntity | null> {
    return manager.findOne(ConfigReleaseEntity, {
      select: { id: true, number: true, createdAt: true, activatedAt: true },
      where: { status },
    });
  }
}
