import { Injectable } from '@nestjs/common';
import { OrganizationEntity, WebhookDeliveryEntity, WebhookEntity } from '@signalbox/database';
import { type EntityManager, IsNull, LessThan, type QueryDeepPartialEntity } from 'typeorm';

export interface WebhookFilter {
  organizationId?: string | undefined;
}

export interface DeliveryFilter {
  status?: WebhookDeliveryEntity['status'] | undefined;
}

@Injectable()
export class WebhookRepository {
  /** Newest first; `before` is the last id of the page before. */
  async list(
    manager: EntityManager,
    filter: WebhookFilter,
    limit: number,
    before: string | null,
  ): Promise<WebhookEntity[]> {
    const where = {
      ...(filter.organizationId === undefined ? {} : { organizationId: filter.organizationId }),
      ...(before === null ? {} : { id: LessThan(before) }),
    };
    return manager.find(WebhookEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async listening(manager: EntityManager, organizationId: string | null): Promise<WebhookEntity[]> {
    const platform = { organizationId: IsNull(), enabled: true };
    const own = organizationId === null ? [] : [{ organizationId, enabled: true }];
    return manager.find(WebhookEntity, { where: [platform, ...own], order: { id: 'ASC' } });
  }

  async countOf(manager: EntityManager, organizationId: string | null): Promise<number> {
    return manager.countBy(WebhookEntity, { organizationId: organizationId ?? IsNull() });
  }

  async find(manager: EntityManager, id: string): Promise<WebhookEntity | null> {
    return manager.findOneBy(WebhookEntity, { id });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<WebhookEntity | null> {
    return manager.findOne(WebhookEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async hasOrganization(manager: EntityManager, id: string): Promise<boolean> {
    return manager.existsBy(OrganizationEntity, { id, deletedAt: IsNull() });
  }

  async insert(manager: EntityManager, webhook: WebhookEntity): Promise<void> {
    await manager.insert(WebhookEntity, webhook);
  }

  async save(manager: EntityManager, webhook: WebhookEntity): Promise<void> {
    await manager.save(webhook);
  }

  /** Its deliveries go with it. */
  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(WebhookEntity, { id });
  }

  async listDeliveries(
    manager: EntityManager,
    webhookId: string,
    filter: DeliveryFilter,
    limit: number,
    before: string | null,
  ): Promise<WebhookDeliveryEntity[]> {
    const where = {
      webhookId,
      ...(filter.status === undefined ? {} : { status: filter.status }),
      ...(before === null ? {} : { id: LessThan(before) }),
    };
    return manager.find(WebhookDeliveryEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async insertDelivery(manager: EntityManager, delivery: WebhookDeliveryEntity): Promise<void> {
    await manager.insert(WebhookDeliveryEntity, delivery as QueryDeepPartialEntity<WebhookDeliveryEntity>);
  }

  /** Takes due deliveries and leases them: should this process die, they are due again at `leasedUntil`. */
  async takeDue(
    manager: EntityManager,
    now: Date,
    leasedUntil: Date,
    limit: number,
  ): Promise<WebhookDeliveryEntity[]> {
    const [rows] = await manager.query<[{ id: string }[], number]>(
      `UPDATE webhook_deliveries SET next_attempt_at = $2, attempts = attempts + 1 WHERE id IN (
         SELECT delivery.id FROM webhook_deliveries delivery JOIN webhooks webhook ON webhook.id = delivery.webhook_id
         WHERE delivery.status = 'pending' AND delivery.next_attempt_at <= $1 AND webhook.enabled
         ORDER BY delivery.next_attempt_at LIMIT $3 FOR UPDATE OF delivery SKIP LOCKED)
       RETURNING id`,
      [now, leasedUntil, limit],
    );
    if (rows.length === 0) return [];
    return manager.find(WebhookDeliveryEntity, {
      where: rows.map(({ id }) => ({ id })),
      relations: { webhook: true },
      order: { id: 'ASC' },
    });
  }

  async saveOutcome(
    manager: EntityManager,
    id: string,
    outcome: Pick<
      WebhookDeliveryEntity,
      'status' | 'nextAttemptAt' | 'lastStatus' | 'lastError' | 'finishedAt'
    >,
  ): Promise<void> {
    await manager.update(WebhookDeliveryEntity, { id }, outcome);
  }

  async deleteFinished(manager: EntityManager, before: Date, limit: number): Promise<number> {
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [before, limit],
    );
    return count;
  }
}
