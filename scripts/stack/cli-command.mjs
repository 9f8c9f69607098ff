import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { processEnvironments } from './process-environments.mjs';
import { readSecrets } from './secrets-file.mjs';
import { readSettings } from './settings.mjs';
import { phaseOf, readStackRecord } from './stack-record.mjs';
import { storeUrls } from './stores.mjs';
import { messageFor, UserError } from './user-error.mjs';

/** The ones that read nothing but the database and the secret stores. The others belong to the start. */
const commands = ['reencrypt-secrets', 'move-secrets', 'import-fernet', 'verify-audit', 'replay'];

/** `npm run cli -- COMMAND ...`: the API's one-off commands, with the settings and secrets of what `npm start` runs. */
export async function main(args) {
  try {
    process.exitCode = await run(readSettings(), args);
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

async function run(settings, [command, ...rest]) {
  if (!commands.includes(command)) {
    throw new UserError(`npm run cli -- COMMAND, where COMMAND is one of: ${commands.join(', ')}`);
  }
  if (phaseOf(readStackRecord(settings.files.stack)) !== 'running') {
    throw new UserError(`Signalbox is not running in ${settings.dataDir}. Start it first: npm start`);
  }
  const secrets = readSecrets(settings.files.secrets);
  const urls = storeUrls({ settings, secrets });
  const env = processEnvironments({ settings, secrets, urls }).maintenance;
  const cli = join(settings.checkout, 'dist', 'apps', 'api', 'src', 'cli.js');
  return exitCodeOf(spawn(process.execPath, [cli, command, ...rest], { env, stdio: 'inherit' }));
}

/** Ctrl-C reaches the command itself, which ends in order. */
function exitCodeOf(child) {
  const wait = () => {};
  process.on('SIGINT', wait);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => process.off('SIGINT', wait));
}
