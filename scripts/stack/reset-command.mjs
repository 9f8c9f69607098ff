import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { shortHash, readSettings } from './settings.mjs';
import { isStackUp, stopStack } from './stop-command.mjs';
import { sharedSystemPath } from './system-folder.mjs';
import { UserError, messageFor } from './user-error.mjs';

/** Everything that a start writes into the data folder. Only this is deleted: the folder may hold other things. */
const ownEntries = [
  'secrets.json',
  'stack.json',
  'start.lock',
  'admin-token',
  'virtual-key',
  'logs',
  'test-logs',
  'runner',
  'redis',
  'postgres',
  'postgres.new',
  'postgres.password',
];

export async function main(args) {
  try {
    await reset(readSettings(), args.includes('--yes'));
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

async function reset(settings, isConfirmed) {
  const { dataDir } = settings;
  const shared = sharedSystemPath(shortHash(dataDir));
  const paths = [...ownEntries.map((name) => join(dataDir, name)), shared].filter((path) => existsSync(path));
  if (paths.length === 0) return console.log(`There is nothing to delete in ${dataDir}.`);
  const question = `Delete all data of Signalbox in ${dataDir} (databases, keys, tokens, logs)${isStackUp(settings) ? ' and stop what runs there' : ''}?`;
  if (!isConfirmed && !(await askForYes(question))) return console.log('Nothing was deleted.');
  if (isStackUp(settings)) console.log(await stopStack(settings));
  for (const path of paths) rmSync(path, { recursive: true, force: true });
  if (existsSync(dataDir) && readdirSync(dataDir).length === 0) rmdirSync(dataDir);
  console.log(`Deleted. The next npm start begins anew.`);
  if (settings.given.databaseUrl)
    console.log('The databases on the server of DATABASE_URL were left as they are.');
}

async function askForYes(question) {
  if (!process.stdin.isTTY) throw new UserError(`${question} Say so with: npm run reset -- --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} Type yes: `);
  terminal.close();
  return answer.trim().toLowerCase() === 'yes';
}
