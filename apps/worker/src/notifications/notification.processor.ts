import { Injectable } from '@nestjs/common';
import { WebhookDeliveryService } from '@signalbox/domain/notifications';

@Injectable()
export class NotificationProcessor {
  constructor(private readonly deliveries: WebhookDeliveryService) {}

  async deliver(signal: AbortSignal): Promise<void> {
    await this.deliveries.deliverDue(signal);
  }

  async sweep(): Promise<void> {
    await this.deliveries.sweep();
  }
}
