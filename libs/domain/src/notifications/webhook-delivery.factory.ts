import { newId } from '@signalbox/common';
import { WebhookDeliveryEntity, type WebhookEntity } from '@signalbox/database';
import type { Notification } from './notification-events';

/** The payload is fixed now, so that a repeated delivery says the same. */
export function newDelivery(
  webhook: WebhookEntity,
  { organizationId, type, data }: Notification,
  now: Date,
): WebhookDeliveryEntity {
  const id = newId('webhookDelivery', now.getTime());
  return Object.assign(new WebhookDeliveryEntity(), {
    id,
    organizationId: webhook.organizationId,
    webhookId: webhook.id,
    eventType: type,
    payload: { id, type, created_at: now.toISOString(), organization_id: organizationId, data },
    status: 'pending',
    attempts: 0,
    nextAttemptAt: now,
    lastStatus: null,
    lastError: null,
    createdAt: now,
    finishedAt: null,
  });
}
