import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readJsonFile, writeFileAtomically } from './atomic-file.mjs';

/** A hash over the names and contents of files, so that a step is repeated only when its inputs have changed. */
export function hashFiles(paths, root) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** All files below a folder that `isWanted(path)` accepts. A missing folder has none. */
export function listFiles(folder, isWanted) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : listFiles(path, isWanted);
    return entry.isFile() && isWanted(path) ? [path] : [];
  });
}

/** A stamp is written after a step has succeeded and taken away before it runs again. */
export class Stamp {
  constructor(path) {
    this.path = path;
  }

  matches(inputs) {
    const saved = readJsonFile(this.path);
    return saved !== undefined && JSON.stringify(saved) === JSON.stringify(inputs);
  }

  exists() {
    return readJsonFile(this.path) !== undefined;
  }

  clear() {
    rmSync(this.path, { force: true });
  }

  write(inputs) {
    writeFileAtomically(this.path, JSON.stringify(inputs), 0o644);
  }
}
