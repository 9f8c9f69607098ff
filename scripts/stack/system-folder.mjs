import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = '/var/lib/signalbox';

/** Used as root only: a place that PostgreSQL's own user can pass through, whatever the checkout's folder and the umask allow. */
export function sharedSystemFolder(...below) {
  const path = join(folder, ...below);
  mkdirSync(path, { recursive: true });
  for (let level = 0; level <= below.length; level += 1)
    chmodSync(join(folder, ...below.slice(0, level)), 0o755);
  return path;
}

/** The same place without making it, for those who only look or delete. */
export function sharedSystemPath(...below) {
  return join(folder, ...below);
}
