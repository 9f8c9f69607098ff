import type { Clock, Logger } from '@signalbox/common';
import type { InfisicalConfig } from '@signalbox/config';
import {
  type SecretAddress,
  type SecretListing,
  type SecretStore,
  SecretStoreError,
  type StoredSecret,
} from '../secret-store';
import type { InfisicalOptions } from './infisical-options';

export interface InfisicalSecretStoreSetup {
  readonly config: InfisicalConfig;
  readonly maxStaleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options?: Partial<InfisicalOptions>;
}

export class InfisicalSecretStore implements SecretStore {
  readonly kind = 'infisical';

  constructor(private readonly setup: InfisicalSecretStoreSetup) {}

  read(_address: SecretAddress): Promise<StoredSecret> {
    return this.notYet();
  }

  write(_address: SecretAddress, _value: string): Promise<void> {
    return this.notYet();
  }

  delete(_address: SecretAddress): Promise<void> {
    return this.notYet();
  }

  list(_organizationId: string | null, _area: SecretAddress['area']): Promise<SecretListing> {
    return this.notYet();
  }

  check(): Promise<void> {
    return this.notYet();
  }

  /** What lies there may have changed: the next read asks Infisical. @param path none: anywhere */
  hintChanged(_path?: string): void {}

  /** Forgets every secret and gives the access token back. */
  async close(): Promise<void> {}

  private notYet(): Promise<never> {
    return Promise.reject(
      new SecretStoreError('unavailable', `${this.setup.config.environment}: not reachable`),
    );
  }
}
