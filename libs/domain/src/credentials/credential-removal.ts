import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock } from '@signalbox/common';
import type { CredentialEntity, CredentialVersionEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { CredentialAnnouncer } from './credential-announcer';
import { CredentialRepository } from './credential.repository';
import { CredentialSecrets } from './credential-secrets';
import { switchOff } from './credential-state';

/** What is left to do after the commit. */
export interface RemovedCredentials {
  readonly ownerKeys: readonly string[];
  readonly versions: readonly CredentialVersionEntity[];
}

/** Deletes credentials: the rows stay for the record, their secrets do not. */
@Injectable()
export class CredentialRemoval {
  constructor(
    private readonly credentials: CredentialRepository,
    private readonly announcer: CredentialAnnouncer,
    private readonly secrets: CredentialSecrets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** With the workspace or the organization itself, in its transaction. */
  async removeAllOf(
    manager: EntityManager,
    caller: Caller,
    owner: { workspaceId: string } | { organizationId: string },
  ): Promise<RemovedCredentials> {
    return this.remove(manager, caller, await this.credentials.listForUpdate(manager, owner));
  }

  /** @param credentials locked by the caller; audits, so it belongs at the end of the transaction */
  async remove(
    manager: EntityManager,
    caller: Caller,
    credentials: readonly CredentialEntity[],
  ): Promise<RemovedCredentials> {
    const now = this.clock.now();
    for (const credential of credentials) {
      await this.refuseIfInUse(manager, credential);
      switchOff(credential, 'deleted', now);
      credential.deletedAt = now;
      credential.nextRotationAt = null;
    }
    const ids = credentials.map(({ id }) => id);
    const versions = await this.credentials.retireVersions(manager, ids, now);
    await this.announcer.allChanged(manager, caller, credentials, 'byok_key_deleted', (credential) => ({
      ownerType: credential.ownerType,
      ownerKey: credential.ownerKey,
      providerId: credential.providerId,
      fingerprint: credential.fingerprint,
    }));
    return { ownerKeys: [...new Set(credentials.map(({ ownerKey }) => ownerKey))], versions };
  }

  /** After the commit. Never throws. */
  async finish({ ownerKeys, versions }: RemovedCredentials): Promise<void> {
    for (const ownerKey of ownerKeys) await this.announcer.live(ownerKey);
    await this.secrets.discard(versions);
  }

  private async refuseIfInUse(manager: EntityManager, { id, ownerType }: CredentialEntity): Promise<void> {
    if (ownerType !== 'platform') return;
    const count = await this.credentials.countDeployments(manager, id);
    if (count === 0) return;
    throw new AppError(
      'credential_in_use',
      `${count} deployment(s) name this credential. Give them another one or none (PATCH /api/v1/llm/models/{id}/deployments/{id}), or disable the credential.`,
    );
  }
}
