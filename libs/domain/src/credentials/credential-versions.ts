import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId } from '@signalbox/common';
import { CredentialVersionEntity, type SecretStoreKind, TenantTransactions } from '@signalbox/database';
import { CLOCK, FINGERPRINT_KEY } from '@signalbox/domain/core';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError, type StoredSecret } from '@signalbox/secrets';
import { fingerprintOf } from './fingerprint';
import { last4Of, prefixOf } from './mask-secret';
import { addressOf, isKeptByHand, manualSecretName, secretNameOf } from './secret-address';

/** Of whose secret a version is. `kind` is the provider's, so that people find their way in the store. */
export interface VersionedCredential {
  readonly id: string;
  readonly organizationId: string | null;
  readonly kind: string;
}

/** Enough of a version to find its secret. */
export type StoredVersion = Pick<
  CredentialVersionEntity,
  'id' | 'organizationId' | 'secretStore' | 'secretName'
>;

function isNotFound(error: unknown): boolean {
  return error instanceof SecretStoreError && error.reason === 'not_found';
}

/**
 * Secrets of credentials, each under an address that is used once. Every method asks the secret store, so none may be
 * called inside of a transaction. They throw SecretStoreError; `toAppError` of @signalbox/domain/secrets makes an answer
 * of it.
 */
@Injectable()
export class CredentialVersions {
  constructor(
    private readonly stores: SecretStores,
    private readonly transactions: TenantTransactions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(FINGERPRINT_KEY) private readonly fingerprintKey: string | null,
  ) {}

  /**
   * Puts the secret into the active store. @returns the row, not yet inserted: when it never is, the secret is swept.
   * @param externalId the provider's own id of the key, where we made it
   */
  async prepare(
    credential: VersionedCredential,
    number: number,
    secret: string,
    externalId: string | null = null,
  ): Promise<CredentialVersionEntity> {
    const id = newId('credentialVersion', this.clock.nowMs());
    const store = this.stores.active;
    const version = this.row(id, credential, number, secret, {
      secretStore: store.kind,
      secretName: secretNameOf(credential.kind, id),
      externalId,
    });
    await store.write(addressOf(version), secret);
    return version;
  }

  /** Of a value that people keep in Infisical by hand: it is theirs, and stays where it is. */
  adopt(
    credential: Pick<VersionedCredential, 'id' | 'organizationId'>,
    number: number,
    name: string,
    secret: string,
  ): CredentialVersionEntity {
    const id = newId('credentialVersion', this.clock.nowMs());
    return this.row(id, credential, number, secret, {
      secretStore: 'infisical',
      secretName: manualSecretName(name),
      externalId: null,
    });
  }

  async readSecret(version: StoredVersion): Promise<string> {
    return (await this.readStored(version)).value;
  }

  /** Also says how old the store's word is, for whoever keeps the secret for a while. */
  async readStored(version: StoredVersion): Promise<StoredSecret> {
    try {
      return await this.stores.of(version.secretStore).read(addressOf(version));
    } catch (error) {
      // Secrets move from one store to the other while they are in use: the row that the caller has may be an old one.
      const secretStore = isNotFound(error) ? await this.storeOf(version.id) : undefined;
      if (secretStore === undefined || secretStore === version.secretStore) throw error;
      return this.stores.of(secretStore).read(addressOf(version));
    }
  }

  /** Out of the store, unless people keep it there by hand; then noted in the row. Does nothing when it is gone already. */
  async erase(version: StoredVersion): Promise<void> {
    if (!isKeptByHand(version)) await this.stores.of(version.secretStore).delete(addressOf(version));
    await this.transactions.run('platform', (manager) =>
      manager.update(CredentialVersionEntity, { id: version.id }, { erasedAt: this.clock.now() }),
    );
  }

  fingerprint(secret: string): string {
    // Jobs that never touch a secret are started without the key.
    if (this.fingerprintKey === null)
      throw new Error('SIGNALBOX_FINGERPRINT_KEY is not given to this process');
    return fingerprintOf(this.fingerprintKey, secret);
  }

  private row(
    id: string,
    credential: Pick<VersionedCredential, 'id' | 'organizationId'>,
    number: number,
    secret: string,
    place: Pick<CredentialVersionEntity, 'secretStore' | 'secretName' | 'externalId'>,
  ): CredentialVersionEntity {
    return Object.assign(new CredentialVersionEntity(), {
      id,
      organizationId: credential.organizationId,
      credentialId: credential.id,
      number,
      status: 'staged' as const,
      ...place,
      fingerprint: this.fingerprint(secret),
      keyPrefix: prefixOf(secret),
      last4: last4Of(secret),
      createdAt: this.clock.now(),
      switchedAt: null,
      lastUsedAt: null,
      retiredAt: null,
      erasedAt: null,
    });
  }

  /** As the row says now. */
  private async storeOf(versionId: string): Promise<SecretStoreKind | undefined> {
    const row = await this.transactions.run('platform', (manager) =>
      manager.findOneBy(CredentialVersionEntity, { id: versionId }),
    );
    return row?.secretStore;
  }
}
