import { copyFileSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { lastLines } from './command.mjs';

const maxBytes = 20 * 1024 * 1024;

/** For a child to append to by itself: its output does not pass through us, so it loses nothing when we are killed. */
export function openLogForAppending(path) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}

/** Keeps the last full file as PATH.1 and empties the one in use. Writers append, so they go on at its new end. */
export function capLog(path, limitBytes = maxBytes) {
  try {
    if (statSync(path).size <= limitBytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

export function tailOfLog(path, count = 12) {
  try {
    return lastLines(readFileSync(path, 'utf8').slice(-20_000), count);
  } catch {
    return '';
  }
}
