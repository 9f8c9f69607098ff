import type { NamedKey } from '@signalbox/common';
import { z } from 'zod';
import { ConfigError, type Environment, parseEnvironment } from './parse-environment';
import { variables as v } from './variables';

const encryptionKeys = {
  SIGNALBOX_ENCRYPTION_KEYS: v.SIGNALBOX_ENCRYPTION_KEYS,
  SIGNALBOX_ENCRYPTION_KEYS_FILE: v.SIGNALBOX_ENCRYPTION_KEYS_FILE,
};

const secretStore = {
  SIGNALBOX_SECRET_STORE: v.SIGNALBOX_SECRET_STORE,
  SIGNALBOX_SECRET_MAX_STALE_SECONDS: v.SIGNALBOX_SECRET_MAX_STALE_SECONDS,
  INFISICAL_URL: v.INFISICAL_URL,
  INFISICAL_CLIENT_ID: v.INFISICAL_CLIENT_ID,
  INFISICAL_CLIENT_SECRET: v.INFISICAL_CLIENT_SECRET,
  INFISICAL_PROJECT_ID: v.INFISICAL_PROJECT_ID,
  INFISICAL_ENVIRONMENT: v.INFISICAL_ENVIRONMENT,
  INFISICAL_PATH: v.INFISICAL_PATH,
};

/** Each process reads only the variables of its own schema: least privilege shows in one place. */
export const environmentSchemas = {
  api: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    SIGNALBOX_EXIT_WITH_PARENT: v.SIGNALBOX_EXIT_WITH_PARENT,
    SIGNALBOX_HOST: v.SIGNALBOX_HOST,
    SIGNALBOX_API_PORT: v.SIGNALBOX_API_PORT,
    SIGNALBOX_API_INTERNAL_PORT: v.SIGNALBOX_API_INTERNAL_PORT,
    SIGNALBOX_BROKER_PORT: v.SIGNALBOX_BROKER_PORT,
    SIGNALBOX_BROKER_TOKEN: v.SIGNALBOX_BROKER_TOKEN,
    SIGNALBOX_FALLBACK_TOKEN: v.SIGNALBOX_FALLBACK_TOKEN,
    INFISICAL_WEBHOOK_SECRET: v.INFISICAL_WEBHOOK_SECRET,
    SIGNALBOX_API_URL: v.SIGNALBOX_API_URL,
    SIGNALBOX_EDGE_URL: v.SIGNALBOX_EDGE_URL,
    SIGNALBOX_RUNNER_URL: v.SIGNALBOX_RUNNER_URL,
    SIGNALBOX_INTERNAL_TOKEN: v.SIGNALBOX_INTERNAL_TOKEN,
    ...encryptionKeys,
    SIGNALBOX_FINGERPRINT_KEY: v.SIGNALBOX_FINGERPRINT_KEY,
    SIGNALBOX_ALLOWED_HOSTS: v.SIGNALBOX_ALLOWED_HOSTS,
    ...secretStore,
    SIGNALBOX_REDIS_PREFIX: v.SIGNALBOX_REDIS_PREFIX,
    REDIS_URL: v.REDIS_URL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
  }),
  worker: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    SIGNALBOX_EXIT_WITH_PARENT: v.SIGNALBOX_EXIT_WITH_PARENT,
    SIGNALBOX_HOST: v.SIGNALBOX_HOST,
    SIGNALBOX_WORKER_PORT: v.SIGNALBOX_WORKER_PORT,
    SIGNALBOX_EDGE_URL: v.SIGNALBOX_EDGE_URL,
    SIGNALBOX_RUNNER_URL: v.SIGNALBOX_RUNNER_URL,
    SIGNALBOX_INTERNAL_TOKEN: v.SIGNALBOX_INTERNAL_TOKEN,
    ...encryptionKeys,
    SIGNALBOX_FINGERPRINT_KEY: v.SIGNALBOX_FINGERPRINT_KEY,
    SIGNALBOX_ALLOWED_HOSTS: v.SIGNALBOX_ALLOWED_HOSTS,
    ...secretStore,
    SIGNALBOX_CATALOGUE_SYNC: v.SIGNALBOX_CATALOGUE_SYNC,
    SIGNALBOX_CATALOGUE_SOURCES: v.SIGNALBOX_CATALOGUE_SOURCES,
    SIGNALBOX_OPENROUTER_URL: v.SIGNALBOX_OPENROUTER_URL,
    SIGNALBOX_REDIS_PREFIX: v.SIGNALBOX_REDIS_PREFIX,
    REDIS_URL: v.REDIS_URL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
    LITELLM_DATABASE_URL: v.LITELLM_DATABASE_URL,
    LITELLM_MASTER_KEY: v.LITELLM_MASTER_KEY,
  }),
  edge: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    SIGNALBOX_EXIT_WITH_PARENT: v.SIGNALBOX_EXIT_WITH_PARENT,
    SIGNALBOX_HOST: v.SIGNALBOX_HOST,
    SIGNALBOX_EDGE_PORT: v.SIGNALBOX_EDGE_PORT,
    SIGNALBOX_RUNNER_URL: v.SIGNALBOX_RUNNER_URL,
    SIGNALBOX_INTERNAL_TOKEN: v.SIGNALBOX_INTERNAL_TOKEN,
    SIGNALBOX_CONTEXT_SIGNING_KEYS: v.SIGNALBOX_CONTEXT_SIGNING_KEYS,
    SIGNALBOX_EGRESS_PORT: v.SIGNALBOX_EGRESS_PORT,
    SIGNALBOX_METRICS_PORT: v.SIGNALBOX_METRICS_PORT,
    SIGNALBOX_EDGE_WORKERS: v.SIGNALBOX_EDGE_WORKERS,
    SIGNALBOX_EDGE_STATE_DIR: v.SIGNALBOX_EDGE_STATE_DIR,
    SIGNALBOX_EDGE_STATE_KEYS: v.SIGNALBOX_EDGE_STATE_KEYS,
    SIGNALBOX_EDGE_OFFLINE_SECONDS: v.SIGNALBOX_EDGE_OFFLINE_SECONDS,
    SIGNALBOX_BROKER_URL: v.SIGNALBOX_BROKER_URL,
    SIGNALBOX_FALLBACK_TOKEN: v.SIGNALBOX_FALLBACK_TOKEN,
    SIGNALBOX_OPENROUTER_URL: v.SIGNALBOX_OPENROUTER_URL,
    OPENROUTER_API_KEY: v.OPENROUTER_API_KEY,
    SIGNALBOX_CORS_ORIGINS: v.SIGNALBOX_CORS_ORIGINS,
    SIGNALBOX_TRUSTED_PROXIES: v.SIGNALBOX_TRUSTED_PROXIES,
    SIGNALBOX_ALLOWED_HOSTS: v.SIGNALBOX_ALLOWED_HOSTS,
    SIGNALBOX_REDIS_PREFIX: v.SIGNALBOX_REDIS_PREFIX,
    REDIS_URL: v.REDIS_URL,
  }),
  migrate: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    DATABASE_URL: v.DATABASE_URL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
  }),
  bootstrap: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
    ...encryptionKeys,
    SIGNALBOX_ADMIN_TOKEN_FILE: v.SIGNALBOX_ADMIN_TOKEN_FILE,
    SIGNALBOX_VIRTUAL_KEY_FILE: v.SIGNALBOX_VIRTUAL_KEY_FILE,
    SIGNALBOX_PROVIDER_ENV: v.SIGNALBOX_PROVIDER_ENV,
  }),
  verifyAudit: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
  }),
  /** Commands that work on secrets: reencrypt-secrets, move-secrets, import-fernet. */
  maintenance: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
    ...encryptionKeys,
    SIGNALBOX_FINGERPRINT_KEY: v.SIGNALBOX_FINGERPRINT_KEY,
    ...secretStore,
  }),
} as const;

export type ProcessName = keyof typeof environmentSchemas;

type Parsed<Name extends ProcessName> = z.infer<(typeof environmentSchemas)[Name]>;

function read<Name extends ProcessName>(name: Name, environment: Environment): Parsed<Name> {
  return parseEnvironment(environmentSchemas[name], environment) as Parsed<Name>;
}

function encryptionKeysOf(env: Parsed<'bootstrap'> | StoreVariables): NamedKey[] {
  const { SIGNALBOX_ENCRYPTION_KEYS: given, SIGNALBOX_ENCRYPTION_KEYS_FILE: fromFile } = env;
  if (given && fromFile) {
    throw new ConfigError([
      'SIGNALBOX_ENCRYPTION_KEYS and SIGNALBOX_ENCRYPTION_KEYS_FILE are both set: keep one of them.',
    ]);
  }
  const keys = given ?? fromFile;
  if (keys) return keys;
  throw new ConfigError([
    'SIGNALBOX_ENCRYPTION_KEYS is not set, and SIGNALBOX_ENCRYPTION_KEYS_FILE neither (see docs/configuration.md)',
  ]);
}

export interface InfisicalConfig {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly projectId: string;
  readonly environment: string;
  readonly path: string;
}

export interface SecretStoreConfig {
  /** Where new secrets go; old ones are read from where they are. */
  readonly active: 'sealed' | 'infisical';
  /** null: not configured. */
  readonly infisical: InfisicalConfig | null;
  readonly maxStaleMs: number;
}

type StoreVariables = Parsed<'maintenance'>;

function secretStoreConfig(env: StoreVariables): SecretStoreConfig {
  const infisical = infisicalConfig(env);
  const active = env.SIGNALBOX_SECRET_STORE ?? (infisical ? 'infisical' : 'sealed');
  if (active === 'infisical' && !infisical) {
    throw new ConfigError([
      'SIGNALBOX_SECRET_STORE is infisical, so INFISICAL_URL, INFISICAL_CLIENT_ID, INFISICAL_CLIENT_SECRET and INFISICAL_PROJECT_ID must be set.',
    ]);
  }
  return Object.freeze({ active, infisical, maxStaleMs: env.SIGNALBOX_SECRET_MAX_STALE_SECONDS * 1_000 });
}

function infisicalConfig(env: StoreVariables): InfisicalConfig | null {
  const { INFISICAL_URL: url, INFISICAL_CLIENT_ID: clientId } = env;
  const { INFISICAL_CLIENT_SECRET: clientSecret, INFISICAL_PROJECT_ID: projectId } = env;
  if (url && clientId && clientSecret && projectId) {
    const { INFISICAL_ENVIRONMENT: environment, INFISICAL_PATH: path } = env;
    return Object.freeze({ url, clientId, clientSecret, projectId, environment, path });
  }
  if (!url && !clientId && !clientSecret && !projectId) return null;
  throw new ConfigError([
    'Set all of INFISICAL_URL, INFISICAL_CLIENT_ID, INFISICAL_CLIENT_SECRET and INFISICAL_PROJECT_ID, or none of them.',
  ]);
}

export type ApiConfig = ReturnType<typeof loadApiConfig>;
export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;
export type EdgeConfig = ReturnType<typeof loadEdgeConfig>;
export type MigrateConfig = ReturnType<typeof loadMigrateConfig>;
export type BootstrapConfig = ReturnType<typeof loadBootstrapConfig>;
export type MaintenanceConfig = ReturnType<typeof loadMaintenanceConfig>;
export type VerifyAuditConfig = ReturnType<typeof loadVerifyAuditConfig>;

export function loadApiConfig(environment: Environment = process.env) {
  const env = read('api', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    exitWithParent: env.SIGNALBOX_EXIT_WITH_PARENT,
    host: env.SIGNALBOX_HOST,
    port: env.SIGNALBOX_API_PORT,
    internalPort: env.SIGNALBOX_API_INTERNAL_PORT,
    brokerPort: env.SIGNALBOX_BROKER_PORT,
    brokerToken: env.SIGNALBOX_BROKER_TOKEN,
    fallbackToken: env.SIGNALBOX_FALLBACK_TOKEN,
    infisicalWebhookSecret: env.INFISICAL_WEBHOOK_SECRET ?? null,
    apiUrl: env.SIGNALBOX_API_URL,
    edgeUrl: env.SIGNALBOX_EDGE_URL,
    runnerUrl: env.SIGNALBOX_RUNNER_URL,
    internalToken: env.SIGNALBOX_INTERNAL_TOKEN,
    encryptionKeys: encryptionKeysOf(env),
    fingerprintKey: env.SIGNALBOX_FINGERPRINT_KEY,
    allowedHosts: env.SIGNALBOX_ALLOWED_HOSTS,
    secretStore: secretStoreConfig(env),
    redisUrl: env.REDIS_URL,
    redisPrefix: env.SIGNALBOX_REDIS_PREFIX,
    databaseUrl: env.APP_DATABASE_URL,
  });
}

export function loadWorkerConfig(environment: Environment = process.env) {
  const env = read('worker', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    exitWithParent: env.SIGNALBOX_EXIT_WITH_PARENT,
    host: env.SIGNALBOX_HOST,
    port: env.SIGNALBOX_WORKER_PORT,
    /** Where model benchmarks call. */
    edgeUrl: env.SIGNALBOX_EDGE_URL,
    runnerUrl: env.SIGNALBOX_RUNNER_URL,
    internalToken: env.SIGNALBOX_INTERNAL_TOKEN,
    encryptionKeys: encryptionKeysOf(env),
    fingerprintKey: env.SIGNALBOX_FINGERPRINT_KEY,
    allowedHosts: env.SIGNALBOX_ALLOWED_HOSTS,
    secretStore: secretStoreConfig(env),
    catalogueSync: env.SIGNALBOX_CATALOGUE_SYNC,
    catalogueSources: env.SIGNALBOX_CATALOGUE_SOURCES,
    openrouterUrl: env.SIGNALBOX_OPENROUTER_URL,
    redisUrl: env.REDIS_URL,
    redisPrefix: env.SIGNALBOX_REDIS_PREFIX,
    databaseUrl: env.APP_DATABASE_URL,
    litellmDatabaseUrl: env.LITELLM_DATABASE_URL,
    litellmMasterKey: env.LITELLM_MASTER_KEY,
  });
}

export function loadEdgeConfig(environment: Environment = process.env) {
  const env = read('edge', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    exitWithParent: env.SIGNALBOX_EXIT_WITH_PARENT,
    host: env.SIGNALBOX_HOST,
    port: env.SIGNALBOX_EDGE_PORT,
    runnerUrl: env.SIGNALBOX_RUNNER_URL,
    internalToken: env.SIGNALBOX_INTERNAL_TOKEN,
    contextSigningKeys: env.SIGNALBOX_CONTEXT_SIGNING_KEYS,
    egressPort: env.SIGNALBOX_EGRESS_PORT,
    metricsPort: env.SIGNALBOX_METRICS_PORT,
    /** 0: one per core. */
    workers: env.SIGNALBOX_EDGE_WORKERS,
    /** null: nothing is kept on disk. */
    stateDir: env.SIGNALBOX_EDGE_STATE_DIR ?? null,
    /** null: no snapshot is written. */
    stateKeys: env.SIGNALBOX_EDGE_STATE_KEYS ?? null,
    offlineMs: env.SIGNALBOX_EDGE_OFFLINE_SECONDS * 1_000,
    brokerUrl: env.SIGNALBOX_BROKER_URL,
    fallbackToken: env.SIGNALBOX_FALLBACK_TOKEN,
    openrouterUrl: env.SIGNALBOX_OPENROUTER_URL,
    /** The platform's own, where it is a variable of the environment. */
    openrouterApiKey: env.OPENROUTER_API_KEY ?? null,
    corsOrigins: env.SIGNALBOX_CORS_ORIGINS,
    trustedProxies: env.SIGNALBOX_TRUSTED_PROXIES,
    allowedHosts: env.SIGNALBOX_ALLOWED_HOSTS,
    redisUrl: env.REDIS_URL,
    redisPrefix: env.SIGNALBOX_REDIS_PREFIX,
  });
}

export function loadMigrateConfig(environment: Environment = process.env) {
  const env = read('migrate', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    ownerDatabaseUrl: env.DATABASE_URL,
    appDatabaseUrl: env.APP_DATABASE_URL,
  });
}

export function loadBootstrapConfig(environment: Environment = process.env) {
  const env = read('bootstrap', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.APP_DATABASE_URL,
    encryptionKeys: encryptionKeysOf(env),
    adminTokenFile: env.SIGNALBOX_ADMIN_TOKEN_FILE,
    virtualKeyFile: env.SIGNALBOX_VIRTUAL_KEY_FILE,
    providerEnvironment: env.SIGNALBOX_PROVIDER_ENV,
  });
}

export function loadVerifyAuditConfig(environment: Environment = process.env) {
  const env = read('verifyAudit', environment);
  return Object.freeze({ logLevel: env.LOG_LEVEL, databaseUrl: env.APP_DATABASE_URL });
}

export function loadMaintenanceConfig(environment: Environment = process.env) {
  const env = read('maintenance', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.APP_DATABASE_URL,
    encryptionKeys: encryptionKeysOf(env),
    fingerprintKey: env.SIGNALBOX_FINGERPRINT_KEY,
    secretStore: secretStoreConfig(env),
  });
}
