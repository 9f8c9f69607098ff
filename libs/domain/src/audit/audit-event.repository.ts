import { Injectable } from '@nestjs/common';
import { AuditChainEntity, AuditEventEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

export interface AuditEventFilter {
  organizationId?: string | undefined;
  action?: string | undefined;
  targetType?: string | undefined;
  targetId?: string | undefined;
  actorId?: string | undefined;
  requestId?: string | undefined;
  /** Including. */
  from?: Date | undefined;
  /** Excluding. */
  to?: Date | undefined;
}

const equalFields = ['organizationId', 'action', 'targetType', 'targetId', 'actorId', 'requestId'] as const;

@Injectable()
export class AuditEventRepository {
  /** Newest first, which is the order of ids; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: AuditEventFilter,
    page: { limit: number; before: string | null },
  ): Promise<AuditEventEntity[]> {
    const query = manager
      .createQueryBuilder(AuditEventEntity, 'event')
      .orderBy('event.id', 'DESC')
      .limit(page.limit);
    if (page.before !== null) query.andWhere('event.id < :before', { before: page.before });
    for (const field of equalFields) {
      if (filter[field] !== undefined)
        query.andWhere(`event.${field} = :${field}`, { [field]: filter[field] });
    }
    if (filter.from !== undefined) query.andWhere('event.occurredAt >= :from', { from: filter.from });
    if (filter.to !== undefined) query.andWhere('event.occurredAt < :to', { to: filter.to });
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<AuditEventEntity | null> {
    return manager.findOneBy(AuditEventEntity, { id });
  }

  async chains(manager: EntityManager): Promise<AuditChainEntity[]> {
    return manager.find(AuditChainEntity, { order: { chain: 'ASC' } });
  }

  /** The events of a chain after a sequence number, in their order. */
  async chainPage(
    manager: EntityManager,
    chain: string,
    afterSequence: string,
    limit: number,
  ): Promise<AuditEventEntity[]> {
    return manager
      .createQueryBuilder(AuditEventEntity, 'event')
      .where('event.chain = :chain AND event.sequence > :afterSequence', { chain, afterSequence })
      .orderBy('event.sequence', 'ASC')
      .limit(limit)
      .getMany();
  }
}
