import { capLog } from './log-files.mjs';
import { ManagedProcess } from './managed-process.mjs';

const capLogsEveryMs = 30_000;

/** From the door inwards: no new requests first, the stores last. */
export const stopOrder = ['edge', 'worker', 'api', 'runner', 'redis', 'postgres'];

/** Holds the long-running processes of one stack, restarts what crashes and ends all of them in order. */
export class Supervisor {
  #processes = new Map();
  #timer;

  constructor({ announce, onChange }) {
    this.announce = announce;
    this.onChange = () => onChange(this.describe());
    this.#timer = setInterval(() => this.#capLogs(), capLogsEveryMs);
    this.#timer.unref();
  }

  /** Starts a process and waits until `isReady(signal)` says so, or until it has failed. */
  async start(spec, waitUntilReady) {
    const managed = new ManagedProcess(spec, { announce: this.announce, onChange: this.onChange });
    this.#processes.set(spec.name, managed);
    capLog(spec.logFile);
    await managed.start();
    const result = await Promise.race([waitUntilReady(), managed.startFailure]);
    managed.markReady();
    return result;
  }

  describe() {
    return Object.fromEntries(
      [...this.#processes].map(([name, { identity, state, restarts }]) => [
        name,
        { ...identity, state, restarts },
      ]),
    );
  }

  async stopAll({ isHurried, onStopped } = {}) {
    clearInterval(this.#timer);
    for (const name of stopOrder) {
      const managed = this.#processes.get(name);
      if (!managed) continue;
      await managed.stop({ isHurried });
      onStopped?.(name);
    }
  }

  killAllNow() {
    for (const managed of this.#processes.values()) managed.killNow();
  }

  #capLogs() {
    for (const { spec } of this.#processes.values()) capLog(spec.logFile);
  }
}
