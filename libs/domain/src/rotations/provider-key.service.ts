import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { type CredentialEntity, type CredentialVersionEntity, TenantTransactions } from '@signalbox/database';
import { ALLOWED_HOSTS, LOGGER } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import {
  type KeyManagement,
  type KeyManagementAccess,
  type MadeKey,
  ProviderKeyError,
} from '@signalbox/domain/provider-drivers';
import { addressOf, type CredentialSubject } from './credential-subject';
import { PROVIDER_DRIVERS, type ProviderDrivers } from './rotation.tokens';
import { settingsOf } from './rotation-settings';
import { RotationRepository } from './rotation.repository';

/** Keys at the providers: made, found again, revoked. All of it asks others, so none of it runs in a transaction. */
@Injectable()
export class ProviderKeyService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly rotations: RotationRepository,
    private readonly versions: CredentialVersions,
    @Inject(PROVIDER_DRIVERS) private readonly driverOf: ProviderDrivers,
    @Inject(ALLOWED_HOSTS) private readonly allowedHosts: readonly string[],
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A key of which only this answer tells. Keys of the same label are answers that were lost: they go first. */
  async make(subject: CredentialSubject, label: string): Promise<MadeKey> {
    const keys = this.keysOf(subject);
    const access = await this.accessWith(subject, subject.from);
    await this.revokeLabelled(keys, access, label, null);
    return keys.createKey(access, label);
  }

  /** What was made and cannot be kept. Never throws: the label finds it again. */
  async dropMade(subject: CredentialSubject, made: MadeKey): Promise<void> {
    try {
      const keys = this.keysOf(subject);
      const access = keys.needsAdminCredential
        ? await this.accessWith(subject, null)
        : { ...this.accessOf(subject, subject.credential), secret: made.secret };
      await keys.revokeKey(access, made.externalId);
    } catch (error) {
      this.logger.warn('a key made at the provider is left there', {
        credential_id: subject.credential.id,
        external_id: made.externalId,
        reason: error instanceof ProviderKeyError ? error.message : 'unexpected',
      });
    }
  }

  /** A version's key. @returns false when the provider's id of it is not known */
  async revoke(subject: CredentialSubject, version: CredentialVersionEntity): Promise<boolean> {
    const keys = this.keysOf(subject);
    const access = await this.accessWith(subject, version);
    const externalId = keys.needsAdminCredential
      ? (version.externalId ?? (await this.identify(keys, access, version)))
      : (version.externalId ?? '');
    if (externalId === null) return false;
    await keys.revokeKey(access, externalId);
    return true;
  }

  /** Keys of this rotation that are not the wanted one. */
  async revokeStrays(subject: CredentialSubject, label: string, wantedId: string | null): Promise<void> {
    const keys = this.keysOf(subject);
    if (!keys.needsAdminCredential) return;
    const access = await this.accessWith(subject, null);
    await this.revokeLabelled(keys, access, label, wantedId);
  }

  private async revokeLabelled(
    keys: KeyManagement,
    access: KeyManagementAccess,
    label: string,
    wantedId: string | null,
  ): Promise<void> {
    for (const { externalId } of await keys.findKeys(access, label)) {
      if (externalId !== wantedId) await keys.revokeKey(access, externalId);
    }
  }

  private async identify(
    keys: KeyManagement,
    access: KeyManagementAccess,
    version: CredentialVersionEntity,
  ): Promise<string | null> {
    if (!keys.identifyKey) return null;
    return keys.identifyKey(access, await this.versions.readSecret(version));
  }

  private keysOf({ kind }: CredentialSubject): KeyManagement {
    const { keys } = this.driverOf(kind);
    if (keys) return keys;
    throw new ProviderKeyError('refused', 'Keys of this provider cannot be managed by its API.');
  }

  private async accessWith(
    subject: CredentialSubject,
    self: CredentialVersionEntity | null,
  ): Promise<KeyManagementAccess> {
    if (!this.keysOf(subject).needsAdminCredential) {
      if (!self) throw new ProviderKeyError('refused', 'There is no present key to make the next one with.');
      const secret = await this.versions.readSecret(self);
      return { ...this.accessOf(subject, subject.credential), secret };
    }
    const { admin, version } = await this.adminOf(subject.credential);
    if (!admin || !version) {
      throw new ProviderKeyError(
        'refused',
        'There is no admin key of the same owner and provider. Save one with purpose admin, or name it in rotation.admin_credential_id.',
      );
    }
    // The admin key goes to where its own credential says, and not to the base URL of another one.
    return { ...this.accessOf(subject, admin), secret: await this.versions.readSecret(version) };
  }

  private accessOf(
    { credential }: CredentialSubject,
    addressed: CredentialEntity,
  ): Omit<KeyManagementAccess, 'secret'> {
    return {
      ...addressOf(addressed),
      allowedHosts: this.allowedHosts,
      settings: credential.rotation,
    };
  }

  private async adminOf(
    credential: CredentialEntity,
  ): Promise<{ admin: CredentialEntity | null; version: CredentialVersionEntity | null }> {
    const { adminCredentialId } = settingsOf(credential.rotation);
    return this.transactions.run('platform', async (manager) => {
      const admin = await this.rotations.adminCredential(manager, credential, adminCredentialId);
      return {
        admin,
        version: await this.rotations.version(manager, admin?.currentVersionId ?? null),
      };
    });
  }
}
