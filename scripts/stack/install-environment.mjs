import { providerKeyVariables } from './settings.mjs';

const secretVariables = new Set([
  ...providerKeyVariables,
  'DATABASE_URL',
  'APP_DATABASE_URL',
  'LITELLM_DATABASE_URL',
  'REDIS_URL',
  'LITELLM_MASTER_KEY',
  'LITELLM_SALT_KEY',
]);

/** What npm, pip and compilers get: the user's environment (proxies, registries, caches), but no key or database of ours. */
export function installEnvironment(more = {}) {
  const entries = Object.entries(process.env).filter(([name]) => !secretVariables.has(name));
  return { ...Object.fromEntries(entries), ...more };
}
