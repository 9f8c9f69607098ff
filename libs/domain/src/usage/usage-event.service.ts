import { Injectable } from '@nestjs/common';
import { AppError, decodeCursor, type Page, toPage } from '@signalbox/common';
import { TenantTransactions, type UsageEventEntity } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { type UsageEventFilter, UsageEventRepository, type UsagePosition } from './usage-event.repository';

/** What the requests to port 4000 were and became. */
@Injectable()
export class UsageEventService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: UsageEventRepository,
  ) {}

  async list(
    caller: Caller,
    filter: UsageEventFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<UsageEventEntity>> {
    requireScope(caller, 'usage:read');
    const before = cursor === undefined ? null : positionOf(cursor);
    // Row-level security decides; naming the organization as well lets PostgreSQL use its index.
    const organizationId = filter.organizationId ?? caller.organizationId ?? undefined;
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.list(manager, { ...filter, organizationId }, { limit: limit + 1, before }),
    );
    return toPage(
      rows,
      limit,
      ({ startedAt, requestId }) => `${startedAt.getTime()}:${requestId}`,
      (row) => row,
    );
  }

  async get(caller: Caller, requestId: string): Promise<UsageEventEntity> {
    requireScope(caller, 'usage:read');
    const event = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.find(manager, requestId),
    );
    if (event) return event;
    throw new AppError(
      'usage_event_not_found',
      'Check the id (header x-request-id of the answer). An event is here a second or two after its request has ended.',
    );
  }
}

function positionOf(cursor: string): UsagePosition {
  const [, time, requestId] = /^(\d{1,15}):(.{1,64})$/.exec(decodeCursor(cursor)) ?? [];
  if (time !== undefined && requestId !== undefined) return { startedAt: new Date(Number(time)), requestId };
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}
