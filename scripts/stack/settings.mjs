import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './user-error.mjs';

const checkoutOfThisFile = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const portVariables = {
  edge: { variable: 'SIGNALBOX_EDGE_PORT', defaultPort: 4000 },
  api: { variable: 'SIGNALBOX_API_PORT', defaultPort: 4010 },
  apiInternal: { variable: 'SIGNALBOX_API_INTERNAL_PORT', defaultPort: 4011 },
  runner: { variable: 'SIGNALBOX_RUNNER_PORT', defaultPort: 4012 },
  litellmBlue: { variable: 'SIGNALBOX_LITELLM_BLUE_PORT', defaultPort: 4013 },
  litellmGreen: { variable: 'SIGNALBOX_LITELLM_GREEN_PORT', defaultPort: 4014 },
  postgres: { variable: 'SIGNALBOX_POSTGRES_PORT', defaultPort: 4015 },
  redis: { variable: 'SIGNALBOX_REDIS_PORT', defaultPort: 4016 },
  worker: { variable: 'SIGNALBOX_WORKER_PORT', defaultPort: 4017 },
  broker: { variable: 'SIGNALBOX_BROKER_PORT', defaultPort: 4018 },
  egress: { variable: 'SIGNALBOX_EGRESS_PORT', defaultPort: 4019 },
  metrics: { variable: 'SIGNALBOX_METRICS_PORT', defaultPort: 4020 },
};

export const providerKeyVariables = [
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'OPENROUTER_API_KEY',
  'GEMINI_API_KEY',
  'MISTRAL_API_KEY',
  'COHERE_API_KEY',
  'GROQ_API_KEY',
  'TOGETHERAI_API_KEY',
  'FIREWORKS_AI_API_KEY',
  'PERPLEXITYAI_API_KEY',
  'HUGGINGFACE_API_KEY',
];

/** Where provider keys of tenants are kept, and where they may lead to: handed on as they are. */
export const secretStoreVariables = [
  'SIGNALBOX_ALLOWED_HOSTS',
  'SIGNALBOX_SECRET_STORE',
  'SIGNALBOX_SECRET_MAX_STALE_SECONDS',
  'INFISICAL_URL',
  'INFISICAL_CLIENT_ID',
  'INFISICAL_CLIENT_SECRET',
  'INFISICAL_PROJECT_ID',
  'INFISICAL_ENVIRONMENT',
  'INFISICAL_PATH',
  'INFISICAL_WEBHOOK_SECRET',
];

/** How the edge is to run: handed on as they are. */
export const edgeVariables = [
  'SIGNALBOX_EDGE_WORKERS',
  'SIGNALBOX_EDGE_OFFLINE_SECONDS',
  'SIGNALBOX_OPENROUTER_URL',
  'SIGNALBOX_CORS_ORIGINS',
  'SIGNALBOX_TRUSTED_PROXIES',
];

/** The same for the worker. */
export const workerVariables = ['SIGNALBOX_CATALOGUE_SYNC', 'SIGNALBOX_CATALOGUE_SOURCES'];

function wholeNumber(env, variable, fallback, min, max) {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UserError(`${variable} is "${text}", but must be a whole number from ${min} to ${max}.`);
}

/** Every port: an explicit one wins, else its default plus SIGNALBOX_PORT_OFFSET. Two the same are refused. */
export function readPorts(env) {
  const offset = wholeNumber(env, 'SIGNALBOX_PORT_OFFSET', 0, 0, 61_000);
  const ports = {};
  const takenBy = new Map();
  for (const [name, { variable, defaultPort }] of Object.entries(portVariables)) {
    const port = wholeNumber(env, variable, defaultPort + offset, 1, 65_535);
    if (takenBy.has(port)) {
      throw new UserError(
        `${variable} and ${takenBy.get(port)} are both port ${port}. Give each its own port.`,
      );
    }
    takenBy.set(port, variable);
    ports[name] = port;
  }
  return Object.freeze(ports);
}

function readUrl(env, variable, protocols) {
  const text = env[variable];
  if (!text) return undefined;
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  // The value is not repeated: it may hold a password.
  throw new UserError(
    `${variable} must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}.`,
  );
}

function readProviderKeys(env) {
  return Object.freeze(
    Object.fromEntries(providerKeyVariables.filter((name) => env[name]).map((name) => [name, env[name]])),
  );
}

/** An address that a program on this machine can connect to, also where the servers listen on all interfaces. */
function reachableHost(host) {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** A short name for a folder, for places that several data folders or checkouts share. */
export function shortHash(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Everything that the environment says about `npm start`, read once. docs/configuration.md describes each variable. */
export function readSettings(env = process.env, checkout = checkoutOfThisFile) {
  const host = env.SIGNALBOX_HOST || '127.0.0.1';
  const ports = readPorts(env);
  const dataDir = resolve(env.SIGNALBOX_DATA_DIR || join(checkout, '.signalbox'));
  const cacheDir = resolve(
    env.SIGNALBOX_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'signalbox'),
  );
  const postgresProtocols = ['postgres:', 'postgresql:'];
  const url = (name) => `http://${reachableHost(host)}:${ports[name]}`;
  return Object.freeze({
    checkout,
    dataDir,
    cacheDir,
    host,
    ports,
    urls: Object.freeze({
      edge: url('edge'),
      api: url('api'),
      apiInternal: url('apiInternal'),
      runner: url('runner'),
      worker: url('worker'),
      broker: url('broker'),
      egress: url('egress'),
      metrics: url('metrics'),
    }),
    given: Object.freeze({
      databaseUrl: readUrl(env, 'DATABASE_URL', postgresProtocols),
      appDatabaseUrl: readUrl(env, 'APP_DATABASE_URL', postgresProtocols),
      litellmDatabaseUrl: readUrl(env, 'LITELLM_DATABASE_URL', postgresProtocols),
      redisUrl: readUrl(env, 'REDIS_URL', ['redis:', 'rediss:']),
      python: env.SIGNALBOX_PYTHON || undefined,
    }),
    providerKeys: readProviderKeys(env),
    passedOn: Object.freeze({
      LOG_LEVEL: env.LOG_LEVEL || undefined,
      SIGNALBOX_REDIS_PREFIX: env.SIGNALBOX_REDIS_PREFIX || undefined,
      SIGNALBOX_LITELLM_HOST: env.SIGNALBOX_LITELLM_HOST || undefined,
      SIGNALBOX_ALLOW_LITELLM_VERSION: env.SIGNALBOX_ALLOW_LITELLM_VERSION || undefined,
      SIGNALBOX_PRISMA_ENGINE: env.SIGNALBOX_PRISMA_ENGINE || undefined,
      SIGNALBOX_ENCRYPTION_KEYS_FILE: env.SIGNALBOX_ENCRYPTION_KEYS_FILE
        ? resolve(env.SIGNALBOX_ENCRYPTION_KEYS_FILE)
        : undefined,
      ...Object.fromEntries(
        [...secretStoreVariables, ...edgeVariables, ...workerVariables].map((name) => [
          name,
          env[name] || undefined,
        ]),
      ),
    }),
    files: Object.freeze({
      secrets: join(dataDir, 'secrets.json'),
      stack: join(dataDir, 'stack.json'),
      lock: join(dataDir, 'start.lock'),
      logs: join(dataDir, 'logs'),
      runnerData: join(dataDir, 'runner'),
      edgeState: join(dataDir, 'edge'),
      adminToken: join(dataDir, 'admin-token'),
      virtualKey: join(dataDir, 'virtual-key'),
    }),
  });
}
