import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import type { OutboxTopic, VirtualKeyEntity, VirtualKeySecretEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { VirtualKeyFactory } from './virtual-key.factory';
import { VirtualKeyRepository } from './virtual-key.repository';

const topics: readonly OutboxTopic[] = ['project.virtual_key', 'mirror.virtual_key'];
/** The same as of an immediate rotation; see VirtualKeyService. */
const maxLiveValues = 5;

export interface AddedValue {
  key: VirtualKeyEntity;
  /** The one that is to be replaced: the newest one without an end. */
  older: VirtualKeySecretEntity;
  newer: VirtualKeySecretEntity;
  value: string;
}

/** Single values of a key, for a rotation that goes on for days. The caller's transaction; scopes are the caller's business. */
@Injectable()
export class VirtualKeyValues {
  constructor(
    private readonly repository: VirtualKeyRepository,
    private readonly factory: VirtualKeyFactory,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A second value beside the present one, which ends at `olderEnd` at the latest. Call `announce` last. */
  async add(manager: EntityManager, keyId: string, olderEnd: Date): Promise<AddedValue> {
    const key = await this.repository.findForUpdate(manager, keyId);
    if (!key)
      throw new AppError('virtual_key_not_found', 'Check the id; GET /api/v1/keys lists the known ones.');
    if (key.revokedAt)
      throw new AppError('virtual_key_revoked', 'A revoked key stays revoked. Create a new one.');
    const older = (await this.repository.secretsOf(manager, [keyId])).find(
      ({ validUntil }) => validUntil === null,
    );
    if (!older) {
      throw new AppError(
        'rotation_not_possible',
        'Every value of this key is about to end. Give it a new one with POST /api/v1/keys/{id}/rotate.',
      );
    }
    if ((await this.repository.countLiveValues(manager, keyId, this.clock.now())) >= maxLiveValues) {
      throw new AppError(
        'virtual_key_too_many_values',
        `${maxLiveValues} values of this key are still valid. Wait until one has run out, or rotate with overlap 0s, which ends all older ones.`,
      );
    }
    const { secret: newer, value } = this.factory.secret(key);
    await this.repository.setEnd(manager, older.id, olderEnd);
    await this.repository.insertSecret(manager, newer);
    return { key, older, newer, value };
  }

  /** Locked; null when it is gone or revoked, and nothing of it can change any more. */
  async lockLiving(manager: EntityManager, keyId: string): Promise<VirtualKeyEntity | null> {
    const key = await this.repository.findForUpdate(manager, keyId);
    return key?.revokedAt ? null : key;
  }

  /** @param end null: as long as the key lives */
  async setEnd(manager: EntityManager, secretId: string, end: Date | null): Promise<void> {
    await this.repository.setEnd(manager, secretId, end);
  }

  /** After any of the above, and last in the transaction. */
  async announce(
    manager: EntityManager,
    caller: Caller,
    key: VirtualKeyEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    const now = this.clock.now();
    key.version += 1;
    key.updatedAt = now;
    await this.repository.save(manager, key);
    await this.repository.markMirrorPending(manager, key, now);
    await this.outbox.add(manager, topics, key.id, key.organizationId);
    await this.audit.record(manager, caller, {
      action,
      targetType: 'virtual_key',
      targetId: key.id,
      organizationId: key.organizationId,
      changes,
    });
  }

  /** After the commit. Never throws. */
  async live(keyId: string): Promise<void> {
    await this.projection.drainNow(topics, keyId);
  }
}
