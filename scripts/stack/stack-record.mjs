import { rmSync } from 'node:fs';
import { readJsonFile, writeFileAtomically } from './atomic-file.mjs';
import { identityOf, isAlive } from './process-identity.mjs';

/** stack.json: what runs in this data folder, for `status`, `stop` and the next start. No secret is in it. */
export class StackRecord {
  #content;

  constructor(path, facts) {
    this.path = path;
    this.#content = { supervisor: identityOf(process.pid), phase: 'starting', ...facts, processes: {} };
    this.#save();
  }

  update(changes) {
    Object.assign(this.#content, changes);
    this.#save();
  }

  remove() {
    rmSync(this.path, { force: true });
  }

  #save() {
    writeFileAtomically(this.path, `${JSON.stringify(this.#content, null, 2)}\n`);
  }
}

export function readStackRecord(path) {
  return readJsonFile(path);
}

/** "running", "starting", "stopping", or "stopped"; "leftover" where the supervisor died and processes of its are still there. */
export function phaseOf(record, isLiving = isAlive) {
  if (!record) return 'stopped';
  if (isLiving(record.supervisor)) return record.phase;
  return Object.values(record.processes).some(isLiving) ? 'leftover' : 'stopped';
}
