import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AppError, type Clock, type Logger, type NamedKey } from '@signalbox/common';
import type { SecretStoreConfig } from '@signalbox/config';
import { CLOCK, ENCRYPTION_KEYS, LOGGER, SECRET_STORE_CONFIG } from '@signalbox/domain/core';
import { InfisicalSecretStore, SealedSecretStore, type SecretStore } from '@signalbox/secrets';
import { SealedSecretRepository } from './sealed-secret.repository';

/** The secret stores of this installation: new secrets go to the active one, old ones are read from where they are. */
@Injectable()
export class SecretStores implements OnApplicationShutdown {
  /** null: not configured. */
  readonly infisical: InfisicalSecretStore | null;
  private readonly sealed: SealedSecretStore;
  private readonly activeKind: SecretStore['kind'];

  constructor(
    rows: SealedSecretRepository,
    @Inject(ENCRYPTION_KEYS) ring: NamedKey[],
    @Inject(SECRET_STORE_CONFIG) config: SecretStoreConfig | null,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.sealed = new SealedSecretStore(rows, ring);
    this.infisical = config?.infisical
      ? new InfisicalSecretStore({ config: config.infisical, maxStaleMs: config.maxStaleMs, clock, logger })
      : null;
    this.activeKind = config?.active ?? 'sealed';
  }

  get active(): SecretStore {
    return this.of(this.activeKind);
  }

  /** @throws AppError when this installation has no such store (any more) */
  of(kind: SecretStore['kind']): SecretStore {
    const store = kind === 'sealed' ? this.sealed : this.infisical;
    if (store) return store;
    throw new AppError(
      'secret_store_unavailable',
      'The secret lies in Infisical, which is not configured. Set the INFISICAL_ variables (docs/secret-stores.md).',
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.infisical?.close();
  }
}
