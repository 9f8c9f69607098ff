import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readJsonFile } from './atomic-file.mjs';
import { identityOf, isAlive } from './process-identity.mjs';
import { pollUntil } from './wait.mjs';

/**
 * A lock between processes of this machine: a file that names its holder. The lock of a process that has died is taken over.
 * Returns a function that releases it, or undefined while another living process holds it.
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const token = randomBytes(8).toString('hex');
  const own = `${path}.${token}`;
  // The file is complete before it gets its name, and link() fails if the name exists: nobody sees a half-written lock.
  writeFileSync(own, JSON.stringify({ ...identityOf(process.pid), token }), { mode: 0o600 });
  try {
    if (!link(own, path) && !(removeDead(path) && link(own, path))) return undefined;
    return () => {
      if (readJsonFile(path)?.token === token) rmSync(path, { force: true });
    };
  } finally {
    rmSync(own, { force: true });
  }
}

export function lockHolder(path) {
  const holder = readJsonFile(path);
  return isAlive(holder) ? holder : undefined;
}

export async function waitForLock(path, { signal, onWait, timeoutMs = 30 * 60_000 }) {
  let hasWaited = false;
  return pollUntil(
    () => {
      const release = tryLock(path);
      if (!release && !hasWaited) onWait?.(lockHolder(path)?.pid);
      hasWaited = true;
      return release;
    },
    { timeoutMs, intervalMs: 300, signal },
  );
}

function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead holder's file away. Should another process have replaced it in between, it is put back. */
function removeDead(path) {
  const seen = readJsonFile(path);
  if (isAlive(seen)) return false;
  const aside = `${path}.dead.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return true;
    throw error;
  }
  const moved = readJsonFile(aside);
  const wasDead = !isAlive(moved);
  if (!wasDead) link(aside, path);
  rmSync(aside, { force: true });
  return wasDead;
}
