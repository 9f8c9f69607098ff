/**
 * What a provider says of a key. Only `invalid` may ever take a key out of use, and it needs the provider's own clear word:
 * a 429, a timeout, a 5xx or an odd answer says nothing about the key.
 */
export type ProbeOutcome =
  | 'valid'
  | 'invalid'
  | 'out_of_credit'
  | 'forbidden'
  | 'rate_limited'
  | 'provider_down'
  | 'unreachable'
  | 'unknown';

export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** null: there was no answer. */
  readonly httpStatus: number | null;
  /** The provider's own word, such as invalid_api_key. */
  readonly code: string | null;
  /** For people; free of secrets. */
  readonly detail: string;
  readonly retryAfterMs: number | null;
  /** The provider's own end of the key, where it tells. */
  readonly expiresAt: Date | null;
  /** How much the answer says: `none` where the provider (or a server without keys) checks no key on any free route. */
  readonly certainty: 'sure' | 'probable' | 'none';
}

export interface ProbeTarget {
  readonly secret: string;
  /** The credential's, else the provider's; null: the vendor's own. */
  readonly baseUrl: string | null;
  /** false: a base URL that a tenant gave, so private addresses are refused. */
  readonly isTrustedUrl: boolean;
  /** Private hosts that the operator allows all the same: SIGNALBOX_ALLOWED_HOSTS. None if left out. */
  readonly allowedHosts?: readonly string[];
  /** What the key is for; `inference` if left out. An admin key is refused where an inference key is good. */
  readonly purpose?: 'inference' | 'admin';
}

export interface MadeKey {
  readonly secret: string;
  readonly externalId: string;
  readonly expiresAt: Date | null;
}

/** How keys are made and revoked at the provider. `settings` are the credential's `rotation` column, checked by the driver. */
export interface KeyManagement {
  /** false: a person makes keys at the provider; we can only revoke them. */
  readonly canCreateKeys: boolean;
  /** false: the provider knows no admin keys, and each key makes its successor and revokes itself. */
  readonly needsAdminCredential: boolean;
  /** @returns what is wrong with the settings, or null */
  problemOf(settings: Record<string, unknown>): string | null;
  createKey(access: KeyManagementAccess, label: string): Promise<MadeKey>;
  /** No error when it is gone already. */
  revokeKey(access: KeyManagementAccess, externalId: string): Promise<void>;
  /** Keys that carry the label, to find one whose answer was lost. */
  findKeys(access: KeyManagementAccess, label: string): Promise<{ externalId: string }[]>;
  /** The provider's id of a key that somebody else made; null: it cannot be told for sure. */
  identifyKey?(access: KeyManagementAccess, secret: string): Promise<string | null>;
}

export interface KeyManagementAccess {
  /** The admin key. For providers that rotate with the key itself: to make one, the current key; to revoke one, that very key. */
  readonly secret: string;
  readonly baseUrl: string | null;
  readonly isTrustedUrl: boolean;
  readonly allowedHosts?: readonly string[];
  readonly settings: Record<string, unknown>;
}

/** One file per provider, one line in the registry. */
export interface ProviderDriver {
  readonly kind: string;
  /** Whom a probe would ask, such as api.openai.com; null: nobody. Probes of one host are counted together. */
  hostOf(baseUrl: string | null): string | null;
  /** Spends no tokens. Never throws. */
  probe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult>;
  readonly keys: KeyManagement | null;
}
