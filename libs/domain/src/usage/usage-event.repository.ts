import { Injectable } from '@nestjs/common';
import { UsageEventEntity } from '@signalbox/database';
import type { UsageEvent } from '@signalbox/gateway';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';

export interface UsageEventFilter {
  organizationId?: string | undefined;
  workspaceId?: string | undefined;
  virtualKeyId?: string | undefined;
  serviceId?: string | undefined;
  /** The one that was asked for, or the one that answered. */
  model?: string | undefined;
  route?: UsageEvent['route'] | undefined;
  statusCode?: number | undefined;
  requestId?: string | undefined;
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
}

/** The last event of the page before. */
export interface UsagePosition {
  startedAt: Date;
  requestId: string;
}

const recordColumns = `request_id text, organization_id text, workspace_id text, virtual_key_id text, service_id text,
  user_id text, call_type text, model_requested text, model_used text, upstream_model text, provider text, provider_id text,
  deployment_id text, credential_id text, credential_owner text, route text, fallback_reason text, cross_vendor boolean,
  attempts jsonb, status_code int, error_code text, complete boolean, client_gone boolean, stream boolean,
  prompt_tokens bigint, completion_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint,
  reasoning_tokens bigint, usage_source text, provider_cost_nano_usd bigint, cost_nano_usd bigint, prices jsonb,
  power_level text, bytes_in bigint, bytes_out bigint,
  decision jsonb, edge_id text`;
const sameColumns = recordColumns.replace(/(\w+) \w+(?=,|$)/g, '$1');

/** Events carry Unix milliseconds. */
const time = (column: string): string => `to_timestamp(event.${column}_ms / 1000.0)`;

const insertSql = `
  INSERT INTO usage_events (${sameColumns}, started_at, first_byte_at, ended_at)
  SELECT ${sameColumns}, ${time('started_at')}, ${time('first_byte_at')}, ${time('ended_at')}
  FROM json_to_recordset($1::json) AS event (${recordColumns},
    started_at_ms bigint, first_byte_at_ms bigint, ended_at_ms bigint)
  ON CONFLICT (request_id) DO NOTHING`;

@Injectable()
export class UsageEventRepository {
  /** One statement. An event that is there already stays as it is: the stream delivers at least once. */
  async insert(manager: EntityManager, events: readonly UsageEvent[]): Promise<void> {
    await manager.query(insertSql, [JSON.stringify(events)]);
  }

  /** Newest first. */
  async list(
    manager: EntityManager,
    filter: UsageEventFilter,
    page: { limit: number; before: UsagePosition | null },
  ): Promise<UsageEventEntity[]> {
    const query = manager
      .createQueryBuilder(UsageEventEntity, 'event')
      .orderBy('event.startedAt', 'DESC')
      .addOrderBy('event.requestId', 'DESC')
      .limit(page.limit);
    if (page.before) {
      // The row comparison alone would not bound the scan of an index on started_at.
      query
        .andWhere('event.startedAt <= :startedAt', page.before)
        .andWhere('(event.startedAt, event.requestId) < (:startedAt, :requestId)', page.before);
    }
    applyFilter(query, filter);
    return query.getMany();
  }

  async find(manager: EntityManager, requestId: string): Promise<UsageEventEntity | null> {
    return manager.findOneBy(UsageEventEntity, { requestId });
  }
}

const conditions: { [Name in keyof UsageEventFilter]-?: string } = {
  organizationId: 'event.organizationId = :organizationId',
  workspaceId: 'event.workspaceId = :workspaceId',
  virtualKeyId: 'event.virtualKeyId = :virtualKeyId',
  serviceId: 'event.serviceId = :serviceId',
  model: '(event.modelRequested = :model OR event.modelUsed = :model)',
  route: 'event.route = :route',
  statusCode: 'event.statusCode = :statusCode',
  requestId: 'event.requestId = :wantedRequestId',
  from: 'event.startedAt >= :from',
  to: 'event.startedAt < :to',
};

function applyFilter(query: SelectQueryBuilder<UsageEventEntity>, filter: UsageEventFilter): void {
  for (const [name, condition] of Object.entries(conditions) as [keyof UsageEventFilter, string][]) {
    if (filter[name] === undefined) continue;
    // The cursor's position has a request id too.
    query.andWhere(condition, { [name === 'requestId' ? 'wantedRequestId' : name]: filter[name] });
  }
}
