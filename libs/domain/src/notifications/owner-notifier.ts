import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import type { WebhookEntity } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import type { Notification } from './notification-events';
import { WebhookRepository } from './webhook.repository';
import { newDelivery } from './webhook-delivery.factory';

/** Tells owners of events: writes a delivery for each webhook that wants to know, in the transaction of the change. */
@Injectable()
export class OwnerNotifier {
  constructor(
    private readonly webhooks: WebhookRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The organization's own webhooks, and the platform's, which hear of everybody. Must run as the platform. */
  async notify(manager: EntityManager, notification: Notification): Promise<void> {
    const interested = (await this.webhooks.listening(manager, notification.organizationId)).filter(
      (webhook) => wants(webhook, notification),
    );
    for (const webhook of interested) {
      await this.webhooks.insertDelivery(manager, newDelivery(webhook, notification, this.clock.now()));
    }
  }
}

function wants({ events }: WebhookEntity, { type }: Notification): boolean {
  return events.length === 0 || events.includes(type);
}
