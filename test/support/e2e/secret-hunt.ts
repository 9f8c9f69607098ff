import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { E2eStack } from '../e2e-stack';
import { runQuery } from './stack-stores';

/** Name and value; only the name is ever shown. */
export type Needles = Readonly<Record<string, string>>;

export interface Find {
  needle: string;
  place: string;
}

/** Where secrets are kept on purpose, readable by their owner alone (checked by ownerOnlyProblems). */
const keepers = new Set(['secrets.json', 'admin-token', 'virtual-key', 'test-status.json']);
const skippedFolders = new Set(['postgres']);

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skippedFolders.has(entry.name)) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

function findsIn(haystack: string | Buffer, needles: Needles, place: string): Find[] {
  return Object.entries(needles)
    .filter(([, value]) => haystack.includes(value))
    .map(([needle]) => ({ needle, place }));
}

/** Logs, releases, the runner's state, what Redis wrote: every file of the data folder but the keepers. */
export function huntFiles(dataDir: string, needles: Needles): Find[] {
  return [...filesBelow(dataDir)]
    .filter((path) => !keepers.has(basename(path)))
    .flatMap((path) => findsIn(readFileSync(path), needles, relative(dataDir, path)));
}

export function searchedFileCount(dataDir: string): number {
  return [...filesBelow(dataDir)].length;
}

export function ownerOnlyProblems(dataDir: string): string[] {
  return [...filesBelow(dataDir)]
    .filter((path) => keepers.has(basename(path)))
    .filter((path) => (statSync(path).mode & 0o077) !== 0)
    .map((path) => relative(dataDir, path));
}

/** Every column of every row of every table, as text. */
export async function huntDatabase(url: string, needles: Needles): Promise<Find[]> {
  const tables = await runQuery<{ name: string }>(
    url,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  if (tables.length === 0) throw new Error('the database to hunt through has no table');
  const finds = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await runQuery<{ needle: string }>(
        url,
        `SELECT needle FROM unnest($1::text[], $2::text[]) AS needles (needle, value)
         WHERE EXISTS (SELECT FROM ${name} AS row WHERE position(value IN row::text) > 0)`,
        [Object.keys(needles), Object.values(needles)],
      );
      return rows.map(({ needle }) => ({ needle, place: `table ${name}` }));
    }),
  );
  return finds.flat();
}

/** Every key of every type: the projection, queues with their jobs, streams, heartbeats. */
export async function huntRedis({ stores }: E2eStack, needles: Needles): Promise<Find[]> {
  const keys = await stores.redis.keys('*');
  const finds = await Promise.all(
    keys.map(async (key) => {
      const texts = await readable(stores.redis, key);
      return findsIn(texts.concat(key).join('\n'), needles, `redis ${key}`);
    }),
  );
  return finds.flat();
}

type Redis = E2eStack['stores']['redis'];

/** DUMP may compress, so each type is read in its own way. A type that is not known here must not pass unread. */
async function readable(redis: Redis, key: string): Promise<string[]> {
  switch (await redis.type(key)) {
    case 'string':
      return [(await redis.get(key)) ?? ''];
    case 'hash':
      return Object.entries(await redis.hgetall(key)).flat();
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, -1);
    case 'none':
      return [];
    case 'stream':
      return [JSON.stringify(await redis.xrange(key, '-', '+'))];
    default:
      throw new Error(`cannot read ${key}: a type of Redis that this hunt does not know`);
  }
}

/** What anybody on the machine can see: the command lines of all processes. */
export function huntCommandLines(needles: Needles): Find[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => findsIn(commandLine(pid), needles, `command line of process ${pid}`));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended while we were reading.
    return '';
  }
}

/** In all these places; for proofs, which hunt once more in the end. */
export async function huntEverywhere(stack: E2eStack, needles: Needles): Promise<Find[]> {
  const { data_dir: dataDir, database_url: databaseUrl } = stack.facts;
  const litellmUrl = new URL(databaseUrl);
  litellmUrl.pathname = new URL(stack.facts.litellm_database_url).pathname;
  const finds = [
    huntFiles(dataDir, needles),
    await huntDatabase(databaseUrl, needles),
    await huntDatabase(litellmUrl.toString(), needles),
    await huntRedis(stack, needles),
    huntCommandLines(needles),
  ];
  return finds.flat();
}
