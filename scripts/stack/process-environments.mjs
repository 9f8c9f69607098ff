import { createHash } from 'node:crypto';
import { edgeVariables, secretStoreVariables, workerVariables } from './settings.mjs';

const everyProgram = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'];
/** Only LiteLLM goes out through a proxy; what checks addresses itself (probes, relay, webhooks) connects to them itself. */
const outgoing = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY']
  .flatMap((name) => [name, name.toLowerCase()])
  .concat('SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE');

function pick(source, names) {
  return Object.fromEntries(
    names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]),
  );
}

/** Provider keys as `cli bootstrap` sees them: PostgreSQL gets a reference and these marks, never the value. */
export function describeProviderKeys(providerKeys) {
  return Object.entries(providerKeys).map(([name, value]) => ({
    name,
    fingerprint: createHash('sha256').update(value).digest('hex').slice(0, 16),
    last4: value.slice(-4),
  }));
}

/**
 * What each process gets to see, and nothing else: the edge has no database, the API no provider key, the runner not our database.
 * libs/config/src/load-config.ts names the same variables per process.
 */
export function processEnvironments({ settings, secrets, urls: stores, ambient = process.env }) {
  const { ports, urls, files, passedOn } = settings;
  const all = {
    SIGNALBOX_HOST: settings.host,
    SIGNALBOX_EDGE_PORT: ports.edge,
    SIGNALBOX_API_PORT: ports.api,
    SIGNALBOX_API_INTERNAL_PORT: ports.apiInternal,
    SIGNALBOX_RUNNER_PORT: ports.runner,
    SIGNALBOX_LITELLM_BLUE_PORT: ports.litellmBlue,
    SIGNALBOX_LITELLM_GREEN_PORT: ports.litellmGreen,
    SIGNALBOX_WORKER_PORT: ports.worker,
    SIGNALBOX_BROKER_PORT: ports.broker,
    SIGNALBOX_EGRESS_PORT: ports.egress,
    SIGNALBOX_METRICS_PORT: ports.metrics,
    SIGNALBOX_EDGE_STATE_DIR: files.edgeState,
    SIGNALBOX_EDGE_STATE_KEYS: secrets.edgeStateKeys,
    SIGNALBOX_FALLBACK_TOKEN: secrets.fallbackToken,
    OPENROUTER_API_KEY: settings.providerKeys.OPENROUTER_API_KEY,
    SIGNALBOX_BROKER_URL: urls.broker,
    SIGNALBOX_EGRESS_URL: urls.egress,
    SIGNALBOX_EDGE_URL: urls.edge,
    SIGNALBOX_API_URL: urls.api,
    SIGNALBOX_API_INTERNAL_URL: urls.apiInternal,
    SIGNALBOX_RUNNER_URL: urls.runner,
    SIGNALBOX_INTERNAL_TOKEN: secrets.internalToken,
    SIGNALBOX_CONTEXT_SIGNING_KEYS: secrets.contextSigningKeys,
    // A ring of the operator's own replaces the one that the first start made.
    SIGNALBOX_ENCRYPTION_KEYS: passedOn.SIGNALBOX_ENCRYPTION_KEYS_FILE ? undefined : secrets.encryptionKeys,
    SIGNALBOX_BROKER_TOKEN: secrets.brokerToken,
    SIGNALBOX_FINGERPRINT_KEY: secrets.fingerprintKey,
    LITELLM_MASTER_KEY: secrets.litellmMasterKey,
    LITELLM_SALT_KEY: secrets.litellmSaltKey,
    REDIS_URL: stores.redis,
    DATABASE_URL: stores.databases.owner,
    APP_DATABASE_URL: stores.databases.app,
    LITELLM_DATABASE_URL: stores.databases.litellm,
    SIGNALBOX_RUNNER_DATA_DIR: files.runnerData,
    SIGNALBOX_ADMIN_TOKEN_FILE: files.adminToken,
    SIGNALBOX_VIRTUAL_KEY_FILE: files.virtualKey,
    SIGNALBOX_PROVIDER_ENV: JSON.stringify(describeProviderKeys(settings.providerKeys)),
    SIGNALBOX_EXIT_WITH_PARENT: '1',
    ...passedOn,
    NODE_ENV: 'production',
  };
  const shared = pick(ambient, everyProgram);
  const of = (names, more = {}) => ({ ...shared, ...toText(pick(all, names)), ...more });
  return {
    migrate: of(variablesOf.migrate),
    bootstrap: of(variablesOf.bootstrap),
    maintenance: of(variablesOf.maintenance),
    api: of(variablesOf.api),
    worker: of(variablesOf.worker),
    edge: of(variablesOf.edge),
    runner: of(variablesOf.runner, { ...pick(ambient, outgoing), ...settings.providerKeys }),
    litellmMigrate: of(variablesOf.litellmMigrate),
  };
}

function toText(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

const service = [
  'LOG_LEVEL',
  'SIGNALBOX_HOST',
  'SIGNALBOX_EXIT_WITH_PARENT',
  'SIGNALBOX_INTERNAL_TOKEN',
  'REDIS_URL',
  'SIGNALBOX_REDIS_PREFIX',
];
const node = ['NODE_ENV'];
/** Where provider keys are kept, and to which hosts they may be sent. */
const encryptionKeys = ['SIGNALBOX_ENCRYPTION_KEYS', 'SIGNALBOX_ENCRYPTION_KEYS_FILE'];
const secretStore = [
  ...encryptionKeys,
  'SIGNALBOX_FINGERPRINT_KEY',
  ...secretStoreVariables.filter((name) => name !== 'INFISICAL_WEBHOOK_SECRET'),
];

export const variablesOf = {
  api: [
    ...service,
    ...node,
    'SIGNALBOX_API_PORT',
    'SIGNALBOX_API_INTERNAL_PORT',
    'SIGNALBOX_API_URL',
    'SIGNALBOX_EDGE_URL',
    'SIGNALBOX_RUNNER_URL',
    'SIGNALBOX_BROKER_PORT',
    'SIGNALBOX_BROKER_TOKEN',
    'SIGNALBOX_FALLBACK_TOKEN',
    'INFISICAL_WEBHOOK_SECRET',
    ...secretStore,
    'APP_DATABASE_URL',
  ],
  worker: [
    ...service,
    ...node,
    'SIGNALBOX_WORKER_PORT',
    'SIGNALBOX_EDGE_URL',
    'SIGNALBOX_RUNNER_URL',
    ...workerVariables,
    'SIGNALBOX_OPENROUTER_URL',
    ...secretStore,
    'APP_DATABASE_URL',
    'LITELLM_DATABASE_URL',
    'LITELLM_MASTER_KEY',
  ],
  edge: [
    ...service,
    ...node,
    'SIGNALBOX_EDGE_PORT',
    'SIGNALBOX_EGRESS_PORT',
    'SIGNALBOX_METRICS_PORT',
    ...edgeVariables,
    'SIGNALBOX_EDGE_STATE_DIR',
    'SIGNALBOX_EDGE_STATE_KEYS',
    'SIGNALBOX_BROKER_URL',
    'SIGNALBOX_FALLBACK_TOKEN',
    'OPENROUTER_API_KEY',
    'SIGNALBOX_ALLOWED_HOSTS',
    'SIGNALBOX_RUNNER_URL',
    'SIGNALBOX_CONTEXT_SIGNING_KEYS',
  ],
  runner: [
    ...service,
    'SIGNALBOX_RUNNER_PORT',
    'SIGNALBOX_LITELLM_BLUE_PORT',
    'SIGNALBOX_LITELLM_GREEN_PORT',
    'SIGNALBOX_LITELLM_HOST',
    'SIGNALBOX_API_INTERNAL_URL',
    'SIGNALBOX_BROKER_URL',
    'SIGNALBOX_BROKER_TOKEN',
    'SIGNALBOX_EGRESS_URL',
    'SIGNALBOX_SECRET_MAX_STALE_SECONDS',
    'SIGNALBOX_RUNNER_DATA_DIR',
    'SIGNALBOX_CONTEXT_SIGNING_KEYS',
    'SIGNALBOX_ALLOW_LITELLM_VERSION',
    'SIGNALBOX_PRISMA_ENGINE',
    'LITELLM_DATABASE_URL',
    'LITELLM_MASTER_KEY',
    'LITELLM_SALT_KEY',
  ],
  migrate: ['LOG_LEVEL', ...node, 'DATABASE_URL', 'APP_DATABASE_URL'],
  bootstrap: [
    'LOG_LEVEL',
    ...node,
    'APP_DATABASE_URL',
    ...encryptionKeys,
    'SIGNALBOX_ADMIN_TOKEN_FILE',
    'SIGNALBOX_VIRTUAL_KEY_FILE',
    'SIGNALBOX_PROVIDER_ENV',
  ],
  maintenance: [
    'LOG_LEVEL',
    ...node,
    'APP_DATABASE_URL',
    ...secretStore.filter((name) => name !== 'SIGNALBOX_ALLOWED_HOSTS'),
  ],
  litellmMigrate: ['LITELLM_DATABASE_URL'],
};
