export * from './notification-events';
export { NotificationsModule } from './notifications.module';
export { OwnerNotifier } from './owner-notifier';
export { WebhookDeliveryService } from './webhook-delivery.service';
export type { DeliveryFilter, WebhookFilter } from './webhook.repository';
export * from './webhook.service';
export { signWebhook } from './webhook-signature';
