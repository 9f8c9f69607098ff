import { Injectable } from '@nestjs/common';
import { AppError, decodeIdCursor, type Page, toPage } from '@signalbox/common';
import { type AuditEventEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { type AuditEventFilter, AuditEventRepository } from './audit-event.repository';

@Injectable()
export class AuditEventService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly events: AuditEventRepository,
  ) {}

  async list(
    caller: Caller,
    filter: AuditEventFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<AuditEventEntity>> {
    requireScope(caller, 'audit:read');
    const before = decodeIdCursor('auditEvent', cursor);
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.events.list(manager, filter, { limit: limit + 1, before }),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<AuditEventEntity> {
    requireScope(caller, 'audit:read');
    const event = await this.transactions.run(tenantOf(caller), (manager) => this.events.find(manager, id));
    if (event) return event;
    throw new AppError(
      'audit_event_not_found',
      'Check the id; GET /api/v1/audit-events lists the known ones.',
    );
  }
}
