import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const root = resolve(__dirname, '..', '..');

/** Made on each machine, never committed. */
const notOurs = new Set([
  'node_modules',
  'dist',
  '.git',
  '.signalbox',
  'coverage',
  'bench-results',
  '__pycache__',
  '.env',
]);

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

/** Paths from the root, of every file below `folder`. */
export function listFiles(folder = '.'): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = relative(root, join(root, folder, entry.name));
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

export function folders(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !notOurs.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => listFiles(join(folder, name)).length > 0);
}

export function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}
