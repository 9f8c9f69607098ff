import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import type { CredentialEntity, OutboxTopic } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { CredentialRepository } from './credential.repository';

const topics: readonly OutboxTopic[] = ['project.credentials'];

/** The one way in which a change of a credential becomes visible: row, outbox and audit trail in one transaction. */
@Injectable()
export class CredentialAnnouncer {
  constructor(
    private readonly credentials: CredentialRepository,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async created(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.credentials.insert(manager, credential);
    await this.announce(manager, caller, credential, action, changes);
  }

  /**
   * Saves the row with one more version, also when only one of its versions changed. Lock the row first, and call this
   * last: the audit chain stays locked until the transaction ends.
   * @param changes for the audit trail: never a secret
   */
  async changed(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    credential.version += 1;
    credential.updatedAt = this.clock.now();
    await this.credentials.save(manager, credential);
    await this.announce(manager, caller, credential, action, changes);
  }

  /** After the commit: the edges and LiteLLM's hook learn of it before the caller gets the answer. Never throws. */
  async live(ownerKey: string): Promise<void> {
    await this.projection.drainNow(topics, ownerKey);
  }

  private async announce(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.add(manager, topics, credential.ownerKey, credential.organizationId);
    await this.audit.record(manager, caller, {
      action,
      targetType: 'credential',
      targetId: credential.id,
      organizationId: credential.organizationId,
      changes,
    });
  }
}
