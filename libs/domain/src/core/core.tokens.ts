/** Injection tokens of what each process brings along. */
export const CLOCK = Symbol('Clock');
export const LOGGER = Symbol('Logger');
export const REDIS = Symbol('Redis');
export const REDIS_PREFIX = Symbol('RedisPrefix');
export const ENCRYPTION_KEYS = Symbol('EncryptionKeys');
