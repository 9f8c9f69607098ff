/** Where a secret lies. Each store makes its own path of it; two addresses never share one. */
export interface SecretAddress {
  /** null: the platform's. */
  readonly organizationId: string | null;
  /** credentials: written by us. manual: put there by people, read only. */
  readonly area: 'credentials' | 'manual';
  /** `^[A-Z][A-Z0-9_]{0,63}$`: also the name of a secret in Infisical. */
  readonly name: string;
}

export interface StoredSecret {
  readonly value: string;
  /** Changes with each change of the value. */
  readonly version: string;
  /** How long ago the store said so; 0: just now. More than a minute only while the store does not answer. */
  readonly ageMs: number;
}

export interface SecretListing {
  readonly secrets: readonly { readonly name: string; readonly version: string }[];
  /** false: the folder itself is not there, so that nothing can be said about what it held. */
  readonly isComplete: boolean;
}

/** One small port for every place in which provider keys are kept. Every method throws SecretStoreError and nothing else. */
export interface SecretStore {
  readonly kind: 'sealed' | 'infisical';
  read(address: SecretAddress): Promise<StoredSecret>;
  /** Creates or replaces. Done again with the same value, it changes nothing. */
  write(address: SecretAddress, value: string): Promise<void>;
  /** No error when there is none. */
  delete(address: SecretAddress): Promise<void>;
  list(organizationId: string | null, area: SecretAddress['area']): Promise<SecretListing>;
  /** Throws when the store cannot be used at all. */
  check(): Promise<void>;
}

/**
 * unavailable: no answer, 5xx, 429; whoever asked may go on with what they know for a while.
 * denied: our identity is not accepted or may not. not_found: there is no such secret.
 * unreadable: it is there and cannot be opened. invalid_value: a value that must not be stored.
 */
export type SecretStoreFailure = 'unavailable' | 'denied' | 'not_found' | 'unreadable' | 'invalid_value';

/** The message is for people and holds no URL, path or secret. */
export class SecretStoreError extends Error {
  constructor(
    readonly reason: SecretStoreFailure,
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
    this.name = 'SecretStoreError';
  }
}
