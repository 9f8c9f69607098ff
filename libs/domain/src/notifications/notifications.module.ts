import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OwnerNotifier } from './owner-notifier';
import { WebhookDeliveryService } from './webhook-delivery.service';
import { WebhookRepository } from './webhook.repository';
import { WebhookService } from './webhook.service';

@Module({
  imports: [AuditModule],
  providers: [OwnerNotifier, WebhookService, WebhookDeliveryService, WebhookRepository],
  exports: [OwnerNotifier, WebhookService, WebhookDeliveryService],
})
export class NotificationsModule {}
