import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { commandLineOf, identityOf } from './process-identity.mjs';
import { shortHash } from './settings.mjs';
import { sharedSystemFolder, sharedSystemPath } from './system-folder.mjs';
import { serverUser, userCan } from './unprivileged-user.mjs';

export const adminRole = 'signalbox_admin';

/**
 * Where the data of this installation's own PostgreSQL is, and as whom it runs: in the data folder, and where PostgreSQL's user
 * cannot reach that (root's checkout in a private folder), in a shared one named after it. Existing data stays where it is.
 */
export function locatePostgres({ dataDir }) {
  const own = join(dataDir, 'postgres');
  const user = serverUser();
  if (!user) return { dataFolder: own, user };
  const shared = sharedSystemPath(shortHash(dataDir), 'postgres');
  const existing = [own, shared].find((folder) => existsSync(join(folder, 'PG_VERSION')));
  if (existing) return { dataFolder: existing, user: ownerOf(existing) ?? user };
  if (userCan(user, '-x', dataDir)) return { dataFolder: own, user };
  sharedSystemFolder(shortHash(dataDir));
  return { dataFolder: shared, user };
}

function ownerOf(folder) {
  const { uid, gid } = statSync(folder);
  return uid === 0 ? undefined : { uid, gid };
}

/** The major version that made the data; undefined where there is none yet. */
export function dataMajorOf(dataFolder) {
  const file = join(dataFolder, 'PG_VERSION');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined;
}

/** Makes the data folder at the first start. It gets its name only when it is complete. */
export async function ensureCluster({ binaries, dataFolder, user, adminPassword, logFile, signal }) {
  if (dataMajorOf(dataFolder) !== undefined) return;
  const unfinished = `${dataFolder}.new`;
  const passwordFile = `${dataFolder}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  // A file, since initdb takes the password from nowhere else, and an argument would show in the list of processes.
  writeFileSync(passwordFile, `${adminPassword}\n`, { mode: 0o600 });
  try {
    for (const path of user ? [unfinished, passwordFile] : []) chownSync(path, user.uid, user.gid);
    await runInitdb({ binaries, unfinished, passwordFile, user, logFile, signal });
    renameSync(unfinished, dataFolder);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function runInitdb({ binaries, unfinished, passwordFile, user, logFile, signal }) {
  const args = ['-D', unfinished, '-U', adminRole, '--pwfile', passwordFile, '--auth=scram-sha-256'];
  return runCommand(
    join(binaries.folder, 'initdb'),
    [...args, '--encoding=UTF8', ...localeArgs(binaries.major), '--no-instructions'],
    {
      what: 'Making the PostgreSQL data folder (initdb)',
      cwd: '/',
      env: serverEnvironment(),
      uid: user?.uid,
      gid: user?.gid,
      logFile,
      signal,
    },
  );
}

/** UTF-8 aware upper and lower case without depending on the locales that the machine happens to have. */
function localeArgs(major) {
  if (major >= 17) return ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  return process.platform === 'linux' ? ['--locale=C.UTF-8'] : ['--locale=C'];
}

function serverEnvironment() {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** How the supervisor starts and stops it. Only TCP on the loopback address: a socket's path may be too long, or its folder unreachable. */
export function postgresProcess({ binaries, dataFolder, user, port, isDurable = true, logFile }) {
  const options = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    logging_collector: 'off',
    log_destination: 'stderr',
    // A failed statement is not repeated in the log: it may hold values.
    log_min_error_statement: 'panic',
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return {
    name: 'postgres',
    command: join(binaries.folder, 'postgres'),
    args: [
      '-D',
      dataFolder,
      ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: serverEnvironment(),
    cwd: '/',
    user,
    input: '',
    logFile,
    prepare: () => removeStalePidFile(dataFolder),
    stopSignal: 'SIGINT', // "fast shutdown": ends the sessions and writes a checkpoint
    hurrySignal: 'SIGQUIT', // "immediate shutdown": recovers at the next start
    drainMs: 20_000,
  };
}

/** The server that runs on this data folder, as its own pid file says, if it really is one. */
export function runningServer(dataFolder) {
  const pid = pidInFile(dataFolder);
  const command = (pid && commandLineOf(pid)) || '';
  const isPostgres = /(^|\/)postgres /.test(command) && command.includes(dataFolder);
  return isPostgres ? identityOf(pid) : undefined;
}

/** PostgreSQL refuses to start if the pid in its old pid file is in use, though by another program (likely after a reboot or in a container). */
function removeStalePidFile(dataFolder) {
  if (pidInFile(dataFolder) && !runningServer(dataFolder))
    rmSync(join(dataFolder, 'postmaster.pid'), { force: true });
}

function pidInFile(dataFolder) {
  try {
    return Number.parseInt(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}
