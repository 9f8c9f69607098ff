import type { WebhookDeliveryEntity, WebhookEntity } from '@signalbox/database';
import type { CreateWebhook, WebhookWithSecret } from '@signalbox/domain/notifications';
import type {
  CreateWebhookBody,
  WebhookDeliveryView,
  WebhookView,
  WebhookWithSecretView,
} from './webhook.dto';

export function toCreateWebhook({
  url,
  events,
  organization_id: organizationId,
  enabled,
}: CreateWebhookBody): CreateWebhook {
  return { url, events, organizationId, enabled };
}

export function toWebhookView(webhook: WebhookEntity): WebhookView {
  return {
    id: webhook.id,
    organization_id: webhook.organizationId,
    url: webhook.url,
    events: webhook.events,
    enabled: webhook.enabled,
    version: webhook.version,
    created_by: webhook.createdBy,
    created_at: webhook.createdAt.toISOString(),
    updated_at: webhook.updatedAt.toISOString(),
  };
}

export function toWebhookWithSecretView({ webhook, secret }: WebhookWithSecret): WebhookWithSecretView {
  return { ...toWebhookView(webhook), secret };
}

export function toWebhookDeliveryView(delivery: WebhookDeliveryEntity): WebhookDeliveryView {
  return {
    id: delivery.id,
    type: delivery.eventType,
    status: delivery.status,
    attempts: delivery.attempts,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    next_attempt_at: delivery.status === 'pending' ? delivery.nextAttemptAt.toISOString() : null,
    payload: delivery.payload,
    created_at: delivery.createdAt.toISOString(),
  };
}
