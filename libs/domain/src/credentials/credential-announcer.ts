import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import type { CredentialEntity, CredentialVersionEntity, OutboxTopic } from '@signalbox/database';
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

  /** Inserts the row and its first version; an environment's key has none. */
  async created(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    version: CredentialVersionEntity | null,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.credentials.insert(manager, credential);
    if (version) await this.credentials.insertVersion(manager, version);
    await this.queue(manager, credential);
    await this.record(manager, caller, credential, action, changes);
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
    await this.save(manager, credential);
    await this.record(manager, caller, credential, action, changes);
  }

  /**
   * The same for several: all rows first, then all events. Who else changes one of them holds its row before the audit
   * chain, so nobody waits in a circle.
   */
  async allChanged(
    manager: EntityManager,
    caller: Caller,
    credentials: readonly CredentialEntity[],
    action: string,
    changesOf: (credential: CredentialEntity) => Record<string, unknown>,
  ): Promise<void> {
    for (const credential of credentials) await this.save(manager, credential);
    for (const credential of credentials) {
      await this.record(manager, caller, credential, action, changesOf(credential));
    }
  }

  /** After the commit: the edges and LiteLLM's hook learn of it before the caller gets the answer. Never throws. */
  async live(ownerKey: string): Promise<void> {
    await this.projection.drainNow(topics, ownerKey);
  }

  private async save(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    credential.version += 1;
    credential.updatedAt = this.clock.now();
    await this.credentials.save(manager, credential);
    await this.queue(manager, credential);
  }

  private async queue(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    await this.outbox.add(manager, topics, credential.ownerKey, credential.organizationId);
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, caller, {
      action,
      targetType: 'credential',
      targetId: credential.id,
      organizationId: credential.organizationId,
      changes,
    });
  }
}
