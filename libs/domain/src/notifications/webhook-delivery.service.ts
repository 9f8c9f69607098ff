import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type Logger, type NamedKey, unseal } from '@signalbox/common';
import { TenantTransactions, type WebhookDeliveryEntity } from '@signalbox/database';
import { ALLOWED_HOSTS, CLOCK, ENCRYPTION_KEYS, LOGGER } from '@signalbox/domain/core';
import { nextAttemptAt } from './webhook-retry';
import { sendWebhook, type SentWebhook } from './webhook-sender';
import { WebhookRepository } from './webhook.repository';

const batchSize = 20;
/** Longer than a delivery may take. */
const leaseMs = 60_000;
const keepDays = 30;

/** Sends what is due, several at once: one slow receiver holds up its own deliveries only. */
@Injectable()
export class WebhookDeliveryService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly webhooks: WebhookRepository,
    @Inject(ENCRYPTION_KEYS) private readonly encryptionKeys: NamedKey[],
    @Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[],
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns how many were tried */
  async deliverDue(signal: AbortSignal): Promise<number> {
    for (let total = 0; ;) {
      const now = this.clock.now();
      const due = await this.transactions.run('platform', (manager) =>
        this.webhooks.takeDue(manager, now, new Date(now.getTime() + leaseMs), batchSize),
      );
      await Promise.all(due.map((delivery) => this.deliver(delivery, signal)));
      total += due.length;
      if (due.length < batchSize || signal.aborted) return total;
    }
  }

  /** Old deliveries, whatever became of them. */
  async sweep(): Promise<number> {
    const before = new Date(this.clock.nowMs() - keepDays * 86_400_000);
    return this.transactions.run('platform', (manager) =>
      this.webhooks.deleteFinished(manager, before, 1_000),
    );
  }

  private async deliver(delivery: WebhookDeliveryEntity, signal: AbortSignal): Promise<void> {
    const sent = await this.send(delivery, signal);
    // The process ends: the lease runs out, and the delivery is made again.
    if (signal.aborted && !sent.isDelivered) return;
    const now = this.clock.now();
    const next = sent.isDelivered ? null : nextAttemptAt(delivery.attempts, now);
    if (!sent.isDelivered) {
      const { id, webhookId: webhook_id, attempts } = delivery;
      this.logger.info('a webhook was not taken', { id, webhook_id, attempts, reason: sent.error });
    }
    await this.transactions.run('platform', (manager) =>
      this.webhooks.saveOutcome(manager, delivery.id, {
        status: statusOf(sent, next),
        nextAttemptAt: next ?? delivery.nextAttemptAt,
        lastStatus: sent.status,
        lastError: sent.error,
        finishedAt: next ? null : now,
      }),
    );
  }

  private async send(delivery: WebhookDeliveryEntity, signal: AbortSignal): Promise<SentWebhook> {
    const { webhook } = delivery;
    const secret = webhook ? unseal(this.encryptionKeys, webhook.sealedSecret, webhook.id) : null;
    if (!webhook || secret === null) {
      return { isDelivered: false, status: null, error: 'the secret of the webhook cannot be opened' };
    }
    const target = { url: webhook.url, secret, allowedHosts: this.allowedHosts };
    return sendWebhook(target, delivery, this.clock.nowMs(), signal);
  }
}

function statusOf({ isDelivered }: SentWebhook, next: Date | null): WebhookDeliveryEntity['status'] {
  if (isDelivered) return 'delivered';
  return next ? 'pending' : 'failed';
}
