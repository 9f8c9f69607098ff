/** Injection tokens of what each process brings along. */
export const CLOCK = Symbol('Clock');
export const LOGGER = Symbol('Logger');
export const REDIS = Symbol('Redis');
export const REDIS_PREFIX = Symbol('RedisPrefix');
export const ENCRYPTION_KEYS = Symbol('EncryptionKeys');
/** How this process reaches the runner: a RunnerAccess. */
export const RUNNER_ACCESS = Symbol('RunnerAccess');

export interface RunnerAccess {
  readonly url: string;
  readonly internalToken: string;
}
/** The key of the HMAC by which provider keys are told apart. */
export const FINGERPRINT_KEY = Symbol('FingerprintKey');
/** A SecretStoreConfig of @signalbox/config. */
export const SECRET_STORE_CONFIG = Symbol('SecretStoreConfig');
/** Private hosts that outgoing requests of tenants may reach: string[]. */
export const ALLOWED_HOSTS = Symbol('AllowedHosts');
