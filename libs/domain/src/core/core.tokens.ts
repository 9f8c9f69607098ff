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
