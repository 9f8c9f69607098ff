import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Whose requests, and of when. */
export interface ReplayRange {
  readonly organizationId: string | null;
  readonly workspaceId: string | null;
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

/** The last row of the page before; the time as PostgreSQL wrote it, which is finer than a Date. */
export interface ReplayPosition {
  readonly startedAt: string;
  readonly requestId: string;
}

/** bigint comes as text. */
export interface ReplayRow {
  readonly request_id: string;
  readonly position: string;
  readonly workspace_id: string;
  readonly deployment_id: string | null;
  readonly usage_source: string;
  readonly prompt_tokens: string;
  readonly completion_tokens: string;
  readonly cache_read_tokens: string;
  readonly cache_write_tokens: string;
  readonly cost_nano_usd: string | null;
  readonly decision: unknown;
}

/** What a workspace's policy is made of, as it was written. */
export interface LayersRow {
  readonly workspace_id: string;
  readonly organization: unknown;
  readonly workspace: unknown;
}

const inRange = `started_at >= $1 AND started_at < $2
  AND ($3::text IS NULL OR organization_id = $3) AND ($4::text IS NULL OR workspace_id = $4)`;

function valuesOf({ from, to, organizationId, workspaceId }: ReplayRange): unknown[] {
  return [from, to, organizationId, workspaceId];
}

@Injectable()
export class ReplayRepository {
  /** The oldest first. */
  async page(
    manager: EntityManager,
    range: ReplayRange,
    limit: number,
    after: ReplayPosition | null,
  ): Promise<ReplayRow[]> {
    return manager.query<ReplayRow[]>(
      // The row comparison alone would not bound the scan of an index on started_at.
      `SELECT request_id, started_at::text AS position, workspace_id, deployment_id, usage_source, prompt_tokens, completion_tokens,
         cache_read_tokens, cache_write_tokens, cost_nano_usd, decision
       FROM usage_events
       WHERE ${inRange}
         AND ($6::timestamptz IS NULL OR (started_at >= $6 AND (started_at, request_id) > ($6, $7::text)))
       ORDER BY started_at, request_id LIMIT $5`,
      [...valuesOf(range), limit, after?.startedAt ?? null, after?.requestId ?? null],
    );
  }

  async count(manager: EntityManager, range: ReplayRange): Promise<number> {
    const [row] = await manager.query<{ count: string }[]>(
      `SELECT count(*) FROM usage_events WHERE ${inRange}`,
      valuesOf(range),
    );
    return Number(row?.count ?? 0);
  }

  async platformRouting(manager: EntityManager): Promise<unknown> {
    const [row] = await manager.query<{ routing: unknown }[]>('SELECT routing FROM platform_settings');
    return row?.routing ?? {};
  }

  async layersOf(manager: EntityManager, workspaceIds: readonly string[]): Promise<LayersRow[]> {
    return manager.query<LayersRow[]>(
      `SELECT workspace.id AS workspace_id, organization.routing AS organization, workspace.routing AS workspace
       FROM workspaces AS workspace JOIN organizations AS organization ON organization.id = workspace.organization_id
       WHERE workspace.id = ANY ($1)`,
      [workspaceIds],
    );
  }

  async exists(manager: EntityManager, table: 'workspaces' | 'organizations', id: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>(`SELECT FROM ${table} WHERE id = $1 AND deleted_at IS NULL`, [
      id,
    ]);
    return rows.length > 0;
  }
}
