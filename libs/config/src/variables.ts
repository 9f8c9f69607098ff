import { logLevels, type NamedKey } from '@signalbox/common';
import { z } from 'zod';
import { keyRingForm, parseKeyRing, readKeyRingFile } from './key-ring';

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });
const flag = z
  .enum(['0', '1'])
  .default('0')
  .transform((text) => text === '1');
const secret = z.string().min(16, 'must have at least 16 characters');

/** `kid:base64url of 32 bytes`, several separated by commas; the first one signs or seals, each may verify or open. */
const keyRing = z.string().transform((text, context): NamedKey[] => {
  const keys = parseKeyRing(text);
  if (keys) return keys;
  context.addIssue(keyRingForm);
  return z.NEVER;
});

/** The path of a file that holds such a ring; see key-ring.ts. */
const keyRingFile = z.string().transform((path, context): NamedKey[] => {
  try {
    return readKeyRingFile(path);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
});

const hostPattern = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])(?::\d{1,5})?$|^[0-9a-f:.]+\/\d{1,3}$/i;
const hostList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim().toLowerCase())
      .filter((entry) => entry !== ''),
  )
  .refine((entries) => entries.every((entry) => hostPattern.test(entry)), {
    message: 'must be hosts, host:port or CIDR ranges, separated by commas',
  });

/** Entries separated by commas. */
const list = (form: RegExp, message: string) =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    )
    .refine((entries) => entries.every((entry) => form.test(entry)), { message });

/** What the environment says about platform keys of providers: their names and marks, never the keys. */
const providerEnvironment = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return z
        .array(z.object({ name: z.string(), fingerprint: z.string(), last4: z.string() }))
        .parse(JSON.parse(text));
    } catch {
      context.addIssue('must be a JSON list of {name, fingerprint, last4}');
      return z.NEVER;
    }
  });

const catalogueSourceNames = ['openrouter', 'litellm'] as const;
/** Who is asked for models and prices: at least one. */
const catalogueSources = z
  .string()
  .default(catalogueSourceNames.join(','))
  .transform((text, context) => {
    const words = new Set(text.split(',').map((word) => word.trim().toLowerCase()));
    words.delete('');
    const named = catalogueSourceNames.filter((name) => words.delete(name));
    if (named.length > 0 && words.size === 0) return named;
    context.addIssue(
      'must be openrouter, litellm or both, separated by commas: litellm alone where the network has no way to OpenRouter',
    );
    return z.NEVER;
  });

/** Every environment variable that the TypeScript processes read. Each process picks the ones that it may know. */
export const variables = {
  SIGNALBOX_HOST: z.string().default('127.0.0.1'),
  SIGNALBOX_EDGE_PORT: port(4000),
  SIGNALBOX_API_PORT: port(4010),
  SIGNALBOX_API_INTERNAL_PORT: port(4011),
  SIGNALBOX_WORKER_PORT: port(4017),
  SIGNALBOX_BROKER_PORT: port(4018),
  SIGNALBOX_EGRESS_PORT: port(4019),
  SIGNALBOX_METRICS_PORT: port(4020),
  /** Processes of the edge. 0: one per core. */
  SIGNALBOX_EDGE_WORKERS: z.coerce.number().int().min(0).max(256).default(0),
  /** Where the edge keeps its snapshot and what it could not deliver yet. */
  SIGNALBOX_EDGE_STATE_DIR: z.string().optional(),
  /** Authenticates the snapshot and seals the fallback credentials in it. Without it there is no snapshot. */
  SIGNALBOX_EDGE_STATE_KEYS: keyRing.optional(),
  /** How long an edge that is cut off from Redis goes on serving the keys that it knows. */
  SIGNALBOX_EDGE_OFFLINE_SECONDS: z.coerce.number().int().min(0).max(2_592_000).default(86_400),
  SIGNALBOX_BROKER_URL: url('http:', 'https:').default('http://127.0.0.1:4018'),
  /** Opens the broker to the edge, for keys that it uses while LiteLLM is down. */
  SIGNALBOX_FALLBACK_TOKEN: secret,
  /** off: nobody is asked for the catalogue unless an operator starts a sync. */
  SIGNALBOX_CATALOGUE_SYNC: z.enum(['daily', 'off']).default('daily'),
  SIGNALBOX_CATALOGUE_SOURCES: catalogueSources,
  SIGNALBOX_OPENROUTER_URL: url('http:', 'https:').default('https://openrouter.ai/api/v1'),
  OPENROUTER_API_KEY: z.string().optional(),
  /** Origins of browsers that may call port 4000, or `*`. */
  SIGNALBOX_CORS_ORIGINS: list(
    /^(\*|https?:\/\/[^\s/]+)$/,
    'must be origins such as https://chat.example.com, or *',
  ),
  /** Reverse proxies whose X-Forwarded-For is believed. */
  SIGNALBOX_TRUSTED_PROXIES: list(/^[0-9a-f:.]+(\/\d{1,3})?$/i, 'must be addresses or CIDR ranges'),
  SIGNALBOX_API_URL: url('http:', 'https:').default('http://127.0.0.1:4010'),
  SIGNALBOX_EDGE_URL: url('http:', 'https:').default('http://127.0.0.1:4000'),
  SIGNALBOX_RUNNER_URL: url('http:', 'https:').default('http://127.0.0.1:4012'),
  SIGNALBOX_INTERNAL_TOKEN: secret,
  SIGNALBOX_CONTEXT_SIGNING_KEYS: keyRing,
  /** Exactly one of the next two. */
  SIGNALBOX_ENCRYPTION_KEYS: keyRing.optional(),
  SIGNALBOX_ENCRYPTION_KEYS_FILE: keyRingFile.optional(),
  /** Opens the broker, which hands out provider keys. */
  SIGNALBOX_BROKER_TOKEN: secret,
  /** Of the HMAC by which provider keys are told apart. To change it makes every key look new. */
  SIGNALBOX_FINGERPRINT_KEY: secret,
  /** Hosts, host:port or CIDR ranges that tenants' base URLs and webhooks may lead to although they are private. */
  SIGNALBOX_ALLOWED_HOSTS: hostList,
  SIGNALBOX_SECRET_STORE: z.enum(['sealed', 'infisical']).optional(),
  /** How old a provider key from the secret store may be while the store does not answer. */
  SIGNALBOX_SECRET_MAX_STALE_SECONDS: z.coerce.number().int().min(0).max(86_400).default(1_800),
  INFISICAL_URL: url('http:', 'https:').optional(),
  INFISICAL_CLIENT_ID: z.string().min(1).optional(),
  INFISICAL_CLIENT_SECRET: z.string().min(1).optional(),
  INFISICAL_PROJECT_ID: z.string().min(1).optional(),
  INFISICAL_ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/, 'must be the slug of an environment')
    .default('prod'),
  /** The folder under which everything of Signalbox lies. */
  INFISICAL_PATH: z
    .string()
    .regex(/^(\/[A-Za-z0-9_-]{1,64}){1,8}$/, 'must be a path such as /signalbox')
    .default('/signalbox'),
  INFISICAL_WEBHOOK_SECRET: secret.optional(),
  SIGNALBOX_EXIT_WITH_PARENT: flag,
  SIGNALBOX_ADMIN_TOKEN_FILE: z.string().optional(),
  SIGNALBOX_VIRTUAL_KEY_FILE: z.string().optional(),
  SIGNALBOX_PROVIDER_ENV: providerEnvironment,
  SIGNALBOX_REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9_-]{1,32}$/, 'must be 1 to 32 of a-z 0-9 _ -')
    .default('sb'),
  REDIS_URL: url('redis:', 'rediss:'),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  APP_DATABASE_URL: url('postgres:', 'postgresql:'),
  LITELLM_DATABASE_URL: url('postgres:', 'postgresql:'),
  LITELLM_MASTER_KEY: secret.startsWith('sk-', 'must start with sk-, as LiteLLM demands'),
  LOG_LEVEL: z.enum(logLevels).default('info'),
} as const;

export type VariableName = keyof typeof variables;
