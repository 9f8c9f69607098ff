import { Inject, Injectable } from '@nestjs/common';
import {
  AppError,
  type Clock,
  decodeIdCursor,
  type NamedKey,
  newId,
  type Page,
  seal,
  toPage,
} from '@signalbox/common';
import { TenantTransactions, type WebhookDeliveryEntity, WebhookEntity } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { ALLOWED_HOSTS, CLOCK, ENCRYPTION_KEYS } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import type { NotificationType } from './notification-events';
import { newDelivery } from './webhook-delivery.factory';
import { generateWebhookSecret } from './webhook-signature';
import { checkWebhookUrl } from './webhook-url';
import { type DeliveryFilter, type WebhookFilter, WebhookRepository } from './webhook.repository';

/** Each event makes one delivery per webhook. */
const maxWebhooks = 20;

export interface CreateWebhook {
  /** null: of the platform, told of everybody's events. Left out: bound as the caller is. */
  organizationId?: string | null | undefined;
  url: string;
  events?: NotificationType[] | undefined;
  enabled?: boolean | undefined;
}

export type UpdateWebhook = Partial<Omit<CreateWebhook, 'organizationId'>>;

/** Right after it was made: the only time at which its secret can be shown. */
export interface WebhookWithSecret {
  webhook: WebhookEntity;
  secret: string;
}

@Injectable()
export class WebhookService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly webhooks: WebhookRepository,
    private readonly audit: AuditTrail,
    @Inject(ENCRYPTION_KEYS) private readonly encryptionKeys: NamedKey[],
    @Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[],
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(caller: Caller, input: CreateWebhook): Promise<WebhookWithSecret> {
    requireScope(caller, 'webhooks:write');
    const organizationId = input.organizationId === undefined ? caller.organizationId : input.organizationId;
    if (organizationId === null && caller.organizationId !== null) {
      throw new AppError('platform_only', 'Only a platform token can make a webhook of the platform.');
    }
    await checkWebhookUrl(input.url, this.allowedHosts);
    const made = this.newRow(caller, input, organizationId);
    await this.transactions.run(tenantOf(caller), async (manager) => {
      await this.checkOwner(manager, organizationId);
      await this.webhooks.insert(manager, made.webhook);
      await this.record(manager, caller, made.webhook, 'created');
    });
    return made;
  }

  async list(
    caller: Caller,
    filter: WebhookFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<WebhookEntity>> {
    requireScope(caller, 'webhooks:read');
    const before = decodeIdCursor('webhook', cursor);
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.webhooks.list(manager, filter, limit + 1, before),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<WebhookEntity> {
    requireScope(caller, 'webhooks:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      known(await this.webhooks.find(manager, id)),
    );
  }

  async update(caller: Caller, id: string, changes: UpdateWebhook): Promise<WebhookEntity> {
    requireScope(caller, 'webhooks:write');
    if (changes.url !== undefined) await checkWebhookUrl(changes.url, this.allowedHosts);
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const webhook = known(await this.webhooks.findForUpdate(manager, id));
      if (changes.url !== undefined) webhook.url = changes.url;
      if (changes.events !== undefined) webhook.events = [...new Set(changes.events)];
      if (changes.enabled !== undefined) webhook.enabled = changes.enabled;
      webhook.version += 1;
      webhook.updatedAt = this.clock.now();
      await this.webhooks.save(manager, webhook);
      await this.record(manager, caller, webhook, 'updated');
      return webhook;
    });
  }

  async delete(caller: Caller, id: string): Promise<void> {
    requireScope(caller, 'webhooks:write');
    await this.transactions.run(tenantOf(caller), async (manager) => {
      const webhook = known(await this.webhooks.findForUpdate(manager, id));
      await this.webhooks.delete(manager, id);
      await this.record(manager, caller, webhook, 'deleted');
    });
  }

  /** An event of the type webhook.test, whatever the webhook listens to. It is on its way within seconds. */
  async test(caller: Caller, id: string): Promise<WebhookDeliveryEntity> {
    requireScope(caller, 'webhooks:write');
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const webhook = known(await this.webhooks.find(manager, id));
      const { organizationId } = webhook;
      const test = { organizationId, type: 'webhook.test' as const, data: { webhook_id: id } };
      const delivery = newDelivery(webhook, test, this.clock.now());
      await this.webhooks.insertDelivery(manager, delivery);
      return delivery;
    });
  }

  async deliveries(
    caller: Caller,
    id: string,
    filter: DeliveryFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<WebhookDeliveryEntity>> {
    requireScope(caller, 'webhooks:read');
    const before = decodeIdCursor('webhookDelivery', cursor);
    const rows = await this.transactions.run(tenantOf(caller), async (manager) => {
      known(await this.webhooks.find(manager, id));
      return this.webhooks.listDeliveries(manager, id, filter, limit + 1, before);
    });
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  private newRow(caller: Caller, input: CreateWebhook, organizationId: string | null): WebhookWithSecret {
    const now = this.clock.now();
    const secret = generateWebhookSecret();
    const id = newId('webhook', now.getTime());
    const webhook = Object.assign(new WebhookEntity(), {
      id,
      version: 1,
      createdAt: now,
      updatedAt: now,
      organizationId,
      url: input.url,
      events: [...new Set(input.events ?? [])],
      sealedSecret: seal(this.encryptionKeys, secret, id),
      enabled: input.enabled ?? true,
      createdBy: caller.actorId,
    });
    return { webhook, secret };
  }

  private async checkOwner(manager: EntityManager, organizationId: string | null): Promise<void> {
    if (organizationId !== null && !(await this.webhooks.hasOrganization(manager, organizationId))) {
      throw new AppError(
        'organization_not_found',
        'Check organization_id; GET /api/v1/organizations lists the known ones.',
      );
    }
    if ((await this.webhooks.countOf(manager, organizationId)) < maxWebhooks) return;
    throw new AppError('webhook_limit_reached', `${maxWebhooks} webhooks are the most. Delete one first.`);
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    webhook: WebhookEntity,
    what: 'created' | 'updated' | 'deleted',
  ): Promise<void> {
    const { id, organizationId, events, enabled } = webhook;
    await this.audit.record(manager, caller, {
      action: `webhook.${what}`,
      targetType: 'webhook',
      targetId: id,
      organizationId,
      // Not the path: receivers often take a secret in it for their authentication.
      changes: { host: new URL(webhook.url).host, events, enabled },
    });
  }
}

function known(webhook: WebhookEntity | null): WebhookEntity {
  if (webhook) return webhook;
  throw new AppError('webhook_not_found', 'Check the id; GET /api/v1/webhooks lists the known ones.');
}
