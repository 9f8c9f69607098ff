import { mkdirSync, rmSync } from 'node:fs';
import { locatePostgres } from '../stack/postgres-server.mjs';
import { ensureSecrets } from '../stack/secrets-file.mjs';
import { startPostgres, startRedis, storeUrls } from '../stack/stores.mjs';
import { Supervisor } from '../stack/supervisor.mjs';
import { throwawaySettings } from './throwaway.mjs';

/** PostgreSQL and Valkey for the integration tests, unless TEST_DATABASE_URL and TEST_REDIS_URL name others. */
export async function startTestStores({ progress, signal, packages, python }) {
  const given = {
    TEST_DATABASE_URL: process.env.TEST_DATABASE_URL,
    TEST_REDIS_URL: process.env.TEST_REDIS_URL,
  };
  if (given.TEST_DATABASE_URL && given.TEST_REDIS_URL) return { environment: given, stop: async () => {} };

  const settings = await throwawaySettings({ name: 'integration' });
  const secrets = ensureSecrets(settings.files.secrets);
  mkdirSync(settings.files.logs, { recursive: true, mode: 0o700 });
  const supervisor = new Supervisor({ announce: (text) => progress.line(`  ${text}`), onChange: () => {} });
  const stop = async () => {
    await supervisor.stopAll({ isHurried: () => true });
    for (const folder of [locatePostgres(settings).dataFolder, settings.dataDir])
      rmSync(folder, { recursive: true, force: true });
  };
  const urls = storeUrls({ settings, secrets });
  const context = {
    urls,
    settings,
    secrets,
    progress,
    supervisor,
    signal,
    packages,
    python,
    isDurable: false,
  };
  try {
    await Promise.all([startPostgres(context), startRedis(context)]);
    const environment = {
      TEST_DATABASE_URL: given.TEST_DATABASE_URL ?? urls.databases.admin,
      TEST_REDIS_URL: given.TEST_REDIS_URL ?? urls.redis,
    };
    return { environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
