import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type NamedKey, newId, seal } from '@signalbox/common';
import { VirtualKeyEntity, VirtualKeySecretEntity, type WorkspaceEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK, ENCRYPTION_KEYS } from '@signalbox/domain/core';
import { noLimits } from '@signalbox/domain/limits';
import { generateVirtualKeyValue, hashVirtualKeyValue, previewVirtualKeyValue } from '@signalbox/gateway';
import { applySettings } from './virtual-key-changes';
import type { CreateVirtualKey } from './virtual-key.types';

/** Makes rows, and the one thing that is shown once: the value. */
@Injectable()
export class VirtualKeyFactory {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENCRYPTION_KEYS) private readonly encryptionKeys: NamedKey[],
  ) {}

  key(caller: Caller, workspace: WorkspaceEntity, input: CreateVirtualKey): VirtualKeyEntity {
    const now = this.clock.now();
    const key = Object.assign(new VirtualKeyEntity(), {
      id: newId('virtualKey', now.getTime()),
      version: 1,
      createdAt: now,
      updatedAt: now,
      organizationId: workspace.organizationId,
      workspaceId: workspace.id,
      keyAlias: null,
      userId: null,
      models: [],
      maxBudget: null,
      budgetDuration: null,
      serviceId: null,
      ...noLimits,
      metadata: {},
      blocked: false,
      expiresAt: null,
      revokedAt: null,
      deletedAt: null,
      createdBy: caller.actorId,
    });
    applySettings(key, input, now);
    return key;
  }

  /** The sealed copy waits for LiteLLM, which takes values and not hashes; it is erased once LiteLLM has the key. */
  secret(key: VirtualKeyEntity): { secret: VirtualKeySecretEntity; value: string } {
    const now = this.clock.now();
    const value = generateVirtualKeyValue();
    const id = newId('virtualKeySecret', now.getTime());
    const secret = Object.assign(new VirtualKeySecretEntity(), {
      id,
      organizationId: key.organizationId,
      virtualKeyId: key.id,
      keyHash: hashVirtualKeyValue(value),
      keyName: previewVirtualKeyValue(value),
      sealedValue: seal(this.encryptionKeys, value, id),
      validUntil: null,
      mirrorState: 'pending' as const,
      mirrorError: null,
      createdAt: now,
    });
    return { secret, value };
  }
}
