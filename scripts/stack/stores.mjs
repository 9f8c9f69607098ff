import { join } from 'node:path';
import {
  ensureGivenDatabases,
  ensureOwnDatabases,
  givenDatabaseUrls,
  ownDatabaseUrls,
} from './databases.mjs';
import { findEmbeddedPostgres, findMachinePostgres } from './postgres-binaries.mjs';
import { waitForPostgres } from './postgres-connection.mjs';
import { dataMajorOf, ensureCluster, locatePostgres, postgresProcess } from './postgres-server.mjs';
import { inspectGivenRedis, waitForRedis } from './redis-connection.mjs';
import { findEmbeddedRedis, findMachineRedis, redisProcess, redisUrl } from './redis-server.mjs';

const startMs = 60_000;

/** Where the stores will answer: known before they are started, so that nothing has to wait for a URL. */
export function storeUrls({ settings, secrets }) {
  const { given, ports } = settings;
  return {
    databases: given.databaseUrl
      ? givenDatabaseUrls({ given, secrets })
      : ownDatabaseUrls({ port: ports.postgres, secrets }),
    redis: given.redisUrl ?? redisUrl({ port: ports.redis, password: secrets.redisPassword }),
  };
}

/** PostgreSQL with its databases and roles. `packages` must be there before the first SQL, and before the embedded binaries. */
export function startPostgres(context) {
  return context.progress.step('PostgreSQL', (report) =>
    (context.settings.given.databaseUrl ? useGivenPostgres : startOwnPostgres)(context, report),
  );
}

async function useGivenPostgres({ settings, secrets, packages, urls }, report) {
  report.doing('waiting for the npm packages');
  await packages;
  const version = await ensureGivenDatabases({ urls: urls.databases, given: settings.given, secrets });
  report.result(`${version}, as given by DATABASE_URL`);
  return version;
}

async function startOwnPostgres(context, report) {
  const { settings, secrets, packages, supervisor, signal, urls, isDurable } = context;
  const { dataFolder, user } = locatePostgres(settings);
  const dataMajor = dataMajorOf(dataFolder);
  const binaries =
    findMachinePostgres(dataMajor) ?? (await embeddedAfter(packages, settings, dataMajor, user, report));
  if (dataMajor === undefined) report.doing('making the data folder');
  const initLog = join(settings.files.logs, 'initdb.log');
  await ensureCluster({
    binaries,
    dataFolder,
    user,
    adminPassword: secrets.postgresAdminPassword,
    logFile: initLog,
    signal,
  });
  report.doing('waiting for the npm packages');
  const spec = postgresProcess({
    binaries,
    dataFolder,
    user,
    port: settings.ports.postgres,
    isDurable,
    logFile: join(settings.files.logs, 'postgres.log'),
  });
  const version = await supervisor.start(spec, async () => {
    await packages;
    return waitForPostgres(urls.databases.admin, { timeoutMs: startMs, signal });
  });
  await ensureOwnDatabases({ urls: urls.databases, secrets });
  report.result(
    `${version}, ${binaries.origin === 'machine' ? `binaries in ${binaries.folder}` : 'embedded'}`,
  );
  return version;
}

async function embeddedAfter(packages, settings, dataMajor, user, report) {
  report.doing('waiting for the npm packages');
  await packages;
  return findEmbeddedPostgres(settings, dataMajor, user);
}

/** Valkey or Redis. The embedded one comes with the Python environment. */
export function startRedis(context) {
  return context.progress.step('Valkey / Redis', (report) =>
    (context.settings.given.redisUrl ? useGivenRedis : startOwnRedis)(context, report),
  );
}

async function useGivenRedis({ packages, progress, urls }, report) {
  await packages;
  const { product, version, evictionPolicy } = await inspectGivenRedis(urls.redis);
  report.result(`${product} ${version}, as given by REDIS_URL`);
  if (evictionPolicy && evictionPolicy !== 'noeviction') {
    progress.line(
      `    Its maxmemory-policy is ${evictionPolicy}; queues need noeviction, or jobs may be lost when its memory is full.`,
    );
  }
  return { product, version };
}

async function startOwnRedis(context, report) {
  const { settings, secrets, packages, python, supervisor, signal, urls } = context;
  const binary = findMachineRedis() ?? (await embeddedRedisAfter(python, report));
  const workFolder = join(settings.dataDir, 'redis');
  const spec = redisProcess({
    binary,
    port: settings.ports.redis,
    password: secrets.redisPassword,
    workFolder,
    logFile: join(settings.files.logs, 'redis.log'),
  });
  const { product, version } = await supervisor.start(spec, async () => {
    await packages;
    return waitForRedis(urls.redis, { timeoutMs: startMs, signal });
  });
  report.result(`${product} ${version}, ${binary.origin === 'machine' ? binary.path : 'embedded'}`);
  return { product, version };
}

async function embeddedRedisAfter(python, report) {
  report.doing('waiting for the Python environment');
  const { sitePackages } = await python;
  return findEmbeddedRedis(sitePackages);
}
