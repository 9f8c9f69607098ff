import { z } from 'zod';
import { type Environment, parseEnvironment } from './parse-environment';
import { variables as v } from './variables';

/** Each process reads only the variables of its own schema: least privilege shows in one place. */
export const environmentSchemas = {
  api: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    SIGNALBOX_EXIT_WITH_PARENT: v.SIGNALBOX_EXIT_WITH_PARENT,
    SIGNALBOX_HOST: v.SIGNALBOX_HOST,
    SIGNALBOX_API_PORT: v.SIGNALBOX_API_PORT,
    SIGNALBOX_API_INTERNAL_PORT: v.SIGNALBOX_API_INTERNAL_PORT,
    SIGNALBOX_API_URL: v.SIGNALBOX_API_URL,
    SIGNALBOX_EDGE_URL: v.SIGNALBOX_EDGE_URL,
    SIGNALBOX_RUNNER_URL: v.SIGNALBOX_RUNNER_URL,
    SIGNALBOX_INTERNAL_TOKEN: v.SIGNALBOX_INTERNAL_TOKEN,
    SIGNALBOX_ENCRYPTION_KEYS: v.SIGNALBOX_ENCRYPTION_KEYS,
    SIGNALBOX_REDIS_PREFIX: v.SIGNALBOX_REDIS_PREFIX,
    REDIS_URL: v.REDIS_URL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
  }),
  worker: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    SIGNALBOX_EXIT_WITH_PARENT: v.SIGNALBOX_EXIT_WITH_PARENT,
    SIGNALBOX_HOST: v.SIGNALBOX_HOST,
    SIGNALBOX_WORKER_PORT: v.SIGNALBOX_WORKER_PORT,
    SIGNALBOX_RUNNER_URL: v.SIGNALBOX_RUNNER_URL,
    SIGNALBOX_INTERNAL_TOKEN: v.SIGNALBOX_INTERNAL_TOKEN,
    SIGNALBOX_ENCRYPTION_KEYS: v.SIGNALBOX_ENCRYPTION_KEYS,
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
    SIGNALBOX_ENCRYPTION_KEYS: v.SIGNALBOX_ENCRYPTION_KEYS,
    SIGNALBOX_ADMIN_TOKEN_FILE: v.SIGNALBOX_ADMIN_TOKEN_FILE,
    SIGNALBOX_VIRTUAL_KEY_FILE: v.SIGNALBOX_VIRTUAL_KEY_FILE,
    SIGNALBOX_PROVIDER_ENV: v.SIGNALBOX_PROVIDER_ENV,
  }),
  verifyAudit: z.object({
    LOG_LEVEL: v.LOG_LEVEL,
    APP_DATABASE_URL: v.APP_DATABASE_URL,
  }),
} as const;

export type ProcessName = keyof typeof environmentSchemas;

type Parsed<Name extends ProcessName> = z.infer<(typeof environmentSchemas)[Name]>;

function read<Name extends ProcessName>(name: Name, environment: Environment): Parsed<Name> {
  return parseEnvironment(environmentSchemas[name], environment) as Parsed<Name>;
}

export type ApiConfig = ReturnType<typeof loadApiConfig>;
export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;
export type EdgeConfig = ReturnType<typeof loadEdgeConfig>;
export type MigrateConfig = ReturnType<typeof loadMigrateConfig>;
export type BootstrapConfig = ReturnType<typeof loadBootstrapConfig>;
export type VerifyAuditConfig = ReturnType<typeof loadVerifyAuditConfig>;

export function loadApiConfig(environment: Environment = process.env) {
  const env = read('api', environment);
  return Object.freeze({
    logLevel: env.LOG_LEVEL,
    exitWithParent: env.SIGNALBOX_EXIT_WITH_PARENT,
    host: env.SIGNALBOX_HOST,
    port: env.SIGNALBOX_API_PORT,
    internalPort: env.SIGNALBOX_API_INTERNAL_PORT,
    apiUrl: env.SIGNALBOX_API_URL,
    edgeUrl: env.SIGNALBOX_EDGE_URL,
    runnerUrl: env.SIGNALBOX_RUNNER_URL,
    internalToken: env.SIGNALBOX_INTERNAL_TOKEN,
    encryptionKeys: env.SIGNALBOX_ENCRYPTION_KEYS,
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
    runnerUrl: env.SIGNALBOX_RUNNER_URL,
    internalToken: env.SIGNALBOX_INTERNAL_TOKEN,
    encryptionKeys: env.SIGNALBOX_ENCRYPTION_KEYS,
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
    encryptionKeys: env.SIGNALBOX_ENCRYPTION_KEYS,
    adminTokenFile: env.SIGNALBOX_ADMIN_TOKEN_FILE,
    virtualKeyFile: env.SIGNALBOX_VIRTUAL_KEY_FILE,
    providerEnvironment: env.SIGNALBOX_PROVIDER_ENV,
  });
}

export function loadVerifyAuditConfig(environment: Environment = process.env) {
  const env = read('verifyAudit', environment);
  return Object.freeze({ logLevel: env.LOG_LEVEL, databaseUrl: env.APP_DATABASE_URL });
}
