import { Inject, Injectable } from '@nestjs/common';
import { type Clock } from '@signalbox/common';
import { type CredentialEntity, type ProviderEntity, TenantTransactions } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import {
  awaitCheck,
  CredentialAnnouncer,
  CredentialVersions,
  makeCurrent,
  manualSecretName,
  newCredential,
  switchOff,
} from '@signalbox/domain/credentials';
import type { EntityManager } from 'typeorm';
import { type ImportedCredential, ImportRepository } from './import.repository';

export interface ManualKey {
  readonly organizationId: string | null;
  readonly workspaceId: string | null;
  /** The name in the store. */
  readonly name: string;
  readonly provider: ProviderEntity;
  readonly secret: string;
}

export type ManualKeyOutcome = 'added' | 'changed' | 'unchanged' | 'owner_missing';

interface Done {
  readonly outcome: ManualKeyOutcome;
  /** null: nothing to tell anybody. */
  readonly ownerKey: string | null;
}

export const importCaller = systemCaller('credential.pull');
const secretRemoved = 'secret_removed';
const duplicate = 'duplicate';
/** What the import disabled by itself it may enable again; what a person disabled stays so. */
const ownReasons: ReadonlySet<string | null> = new Set([secretRemoved, duplicate]);
const unchanged: Done = { outcome: 'unchanged', ownerKey: null };

/** One key that is kept by hand, and the credential that stands for it. */
@Injectable()
export class ManualKeyService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ImportRepository,
    private readonly versions: CredentialVersions,
    private readonly announcer: CredentialAnnouncer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Makes the rows say what the store says. Done again, it does nothing. */
  async take(key: ManualKey): Promise<ManualKeyOutcome> {
    const done = await this.transactions.run('platform', async (manager) => {
      const secretName = manualSecretName(key.name);
      await this.repository.lock(manager, key.organizationId, secretName);
      const known = await this.repository.latest(manager, key.organizationId, secretName);
      const isSame = known?.version.fingerprint === this.versions.fingerprint(key.secret);
      if (!known || (known.credential.deletedAt && !isSame)) return this.add(manager, key);
      // Somebody deleted it here; the same value does not come back by itself.
      if (known.credential.deletedAt) return unchanged;
      return isSame ? this.enableAgain(manager, known.credential) : this.replace(manager, key, known);
    });
    if (done.ownerKey !== null) await this.announcer.live(done.ownerKey);
    return done.outcome;
  }

  async disable(credentialId: string): Promise<void> {
    const disabled = await this.transactions.run('platform', async (manager) => {
      const credential = await this.repository.enabledForUpdate(manager, credentialId);
      if (!credential) return null;
      switchOff(credential, secretRemoved, this.clock.now());
      await this.announcer.changed(manager, importCaller, credential, 'credential.disabled', {
        fingerprint: credential.fingerprint,
        reason: secretRemoved,
      });
      return credential;
    });
    if (disabled) await this.announcer.live(disabled.ownerKey);
  }

  private async add(manager: EntityManager, key: ManualKey): Promise<Done> {
    const owner = await this.repository.owner(manager, key.organizationId, key.workspaceId);
    if (!owner) return { outcome: 'owner_missing', ownerKey: null };
    const now = this.clock.now();
    const credential = newCredential(importCaller, owner, key.provider, 'store', now);
    const version = this.versions.adopt(credential, 1, key.name, key.secret);
    makeCurrent(credential, version, now);
    if (await this.repository.isPlaceFree(manager, credential)) awaitCheck(credential, now);
    else switchOff(credential, duplicate, now);
    const changes = audited(credential, key);
    await this.announcer.created(manager, importCaller, credential, version, 'byok_key_added', changes);
    return { outcome: 'added', ownerKey: credential.ownerKey };
  }

  private async replace(manager: EntityManager, key: ManualKey, known: ImportedCredential): Promise<Done> {
    const { credential } = known;
    const now = this.clock.now();
    const version = this.versions.adopt(credential, known.version.number + 1, key.name, key.secret);
    makeCurrent(credential, version, now);
    await this.repository.insertVersion(manager, version);
    await this.repository.retire(manager, known.version.id, now);
    if (credential.enabled || (await this.mayEnable(manager, credential))) awaitCheck(credential, now);
    const changes = audited(credential, key);
    await this.announcer.changed(manager, importCaller, credential, 'byok_key_updated', changes);
    return { outcome: 'changed', ownerKey: credential.ownerKey };
  }

  /** The secret came back, or the other credential of the same place went. */
  private async enableAgain(manager: EntityManager, credential: CredentialEntity): Promise<Done> {
    if (credential.enabled || !(await this.mayEnable(manager, credential))) return unchanged;
    awaitCheck(credential, this.clock.now());
    await this.announcer.changed(manager, importCaller, credential, 'byok_key_updated', {
      fingerprint: credential.fingerprint,
      enabled: true,
    });
    return { outcome: 'changed', ownerKey: credential.ownerKey };
  }

  private async mayEnable(manager: EntityManager, credential: CredentialEntity): Promise<boolean> {
    return ownReasons.has(credential.stateReason) && this.repository.isPlaceFree(manager, credential);
  }
}

function audited(credential: CredentialEntity, key: ManualKey): Record<string, unknown> {
  const { ownerType, ownerKey, providerId, fingerprint, enabled } = credential;
  return { source: 'store', secretName: key.name, ownerType, ownerKey, providerId, fingerprint, enabled };
}
