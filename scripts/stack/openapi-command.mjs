import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { installEnvironment } from './install-environment.mjs';
import { prepare } from './preparation.mjs';
import { Progress } from './progress.mjs';
import { readSettings } from './settings.mjs';
import { UserError, messageFor } from './user-error.mjs';

/** `npm run openapi` writes openapi.json from the code; `--check` only says whether it is up to date. */
export async function main(args) {
  try {
    const settings = readSettings();
    const path = join(settings.checkout, 'openapi.json');
    const document = await describeApi(settings);
    if (args.includes('--check')) return check(path, document);
    writeFileSync(path, document);
    console.log(`Written: ${path}`);
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

async function describeApi(settings) {
  const progress = new Progress({ quiet: true });
  const { signal } = new AbortController();
  await prepare({ settings, progress, signal, wanted: ['packages', 'build'] }).build;
  const cli = join(settings.checkout, 'dist', 'apps', 'api', 'src', 'cli.js');
  return runCommand(process.execPath, [cli, 'openapi'], {
    what: 'Describing the admin API',
    cwd: settings.checkout,
    env: installEnvironment(),
    signal,
  });
}

function check(path, document) {
  if (readOrEmpty(path) === document) return console.log('openapi.json is up to date.');
  throw new UserError(
    'openapi.json differs from the code. Look over the change and write it anew: npm run openapi',
  );
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
