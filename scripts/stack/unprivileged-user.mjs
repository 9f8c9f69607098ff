import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UserError } from './user-error.mjs';

/**
 * PostgreSQL refuses to run as root. So as root it runs as another user: postgres where there is one, else nobody, else a new
 * system user. As anyone else it runs as that user (undefined).
 */
export function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const user = lookUp('postgres') ?? lookUp('nobody') ?? addSystemUser('signalbox');
  if (!user) {
    throw new UserError(
      'PostgreSQL refuses to run as root, and no other user is there. Add one (useradd --system postgres), start as a plain user, or give DATABASE_URL.',
    );
  }
  return user;
}

/** passwd(5): name:password:uid:gid:... */
function parsePasswd(text, name) {
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  if (!line) return undefined;
  const [, , uid, gid] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

function lookUp(name) {
  try {
    return parsePasswd(readFileSync('/etc/passwd', 'utf8'), name);
  } catch {
    return undefined;
  }
}

function addSystemUser(name) {
  spawnSync('/usr/sbin/useradd', ['--system', '--no-create-home', name], { stdio: 'ignore' });
  return lookUp(name);
}

/** Whether the user can pass `test FLAG PATH`: asked of the system itself, so that every parent folder and ACL counts. */
export function userCan(user, flag, path) {
  const result = spawnSync('test', [flag, path], { cwd: '/', uid: user.uid, gid: user.gid, stdio: 'ignore' });
  return result.status === 0;
}
