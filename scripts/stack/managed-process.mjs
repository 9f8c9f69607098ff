import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { killGroup } from './command.mjs';
import { openLogForAppending, tailOfLog } from './log-files.mjs';
import { identityOf } from './process-identity.mjs';
import { UserError, isDiskFull } from './user-error.mjs';

const firstRestartMs = 100;
const longestRestartMs = 30_000;
/** A process that lived this long has recovered: the next crash is restarted at once again. */
const steadyAfterMs = 30_000;
/** After being told to hurry; then it is killed. */
const hurryGraceMs = 2_000;

/** At once after the first crash, then 1, 2, 4, ... seconds after quick repeated ones. */
export function restartDelayMs(quickCrashes) {
  return quickCrashes === 0 ? firstRestartMs : Math.min(longestRestartMs, 1000 * 2 ** (quickCrashes - 1));
}

/**
 * One long-running child: started, restarted when it crashes, stopped in order. It leads its own process group, so a Ctrl-C on
 * the terminal reaches only the supervisor, which then ends the children one after another.
 */
export class ManagedProcess {
  state = 'stopped';
  identity;
  restarts = 0;
  #child;
  #isWanted = false;
  #isReady = false;
  #quickCrashes = 0;
  #restartTimer;
  #exited = Promise.resolve();
  #reportFailure;

  constructor(spec, { announce, onChange }) {
    this.spec = spec;
    this.name = spec.name;
    this.announce = announce;
    this.onChange = onChange;
    /** Rejects if the process ends before it was ready: then the start has failed, and restarting would hide why. */
    this.startFailure = new Promise((_, reject) => (this.#reportFailure = reject));
    this.startFailure.catch(() => {}); // it may fail while nobody waits for it
  }

  async start() {
    this.#isWanted = true;
    await this.spec.prepare?.();
    if (this.#isWanted) this.#spawn();
  }

  markReady() {
    this.#isReady = true;
    this.#setState('running');
  }

  /** Ends it: its stop signal, time to drain, then SIGKILL for it and whatever it left in its group. */
  async stop({ isHurried = () => false } = {}) {
    this.#isWanted = false;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (!child) return this.#setState('stopped');
    this.#setState('stopping');
    child.kill(isHurried() ? this.#hurrySignal() : (this.spec.stopSignal ?? 'SIGTERM'));
    await this.#waitForExit(child, isHurried);
    killGroup(child, 'SIGKILL');
    await this.#exited;
    sweepGroup(child.pid);
  }

  /** The last resort, when this process itself is about to end. */
  killNow() {
    if (this.#child) sweepGroup(this.#child.pid);
  }

  #hurrySignal() {
    return this.spec.hurrySignal ?? 'SIGKILL';
  }

  async #waitForExit(child, isHurried) {
    let wasHurried = isHurried();
    let deadline = performance.now() + (wasHurried ? hurryGraceMs : this.spec.drainMs);
    while (this.#child === child && performance.now() < deadline) {
      if (!wasHurried && isHurried()) {
        wasHurried = true;
        deadline = performance.now() + hurryGraceMs;
        child.kill(this.#hurrySignal());
      }
      await Promise.race([this.#exited, delay(50)]);
    }
  }

  #spawn() {
    const { command, args, env, cwd, user, input, logFile } = this.spec;
    const log = openLogForAppending(logFile);
    const startedAtMs = performance.now();
    const child = spawn(command, args, {
      env,
      cwd,
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
      detached: true,
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    this.#child = child;
    child.stdin.on('error', () => {}); // it ended without reading; its exit says the rest
    // Without input the pipe stays open: its end tells the child that we are gone (SIGNALBOX_EXIT_WITH_PARENT).
    if (input !== undefined) child.stdin.end(input);
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ error }));
      child.once('exit', (code, signalName) => resolve({ code, signalName }));
    }).then((ending) => this.#onExit(ending, startedAtMs));
    this.identity = child.pid === undefined ? undefined : identityOf(child.pid);
    this.#setState(this.#isReady ? 'running' : 'starting');
  }

  #onExit({ error, code, signalName }, startedAtMs) {
    const how = error ? error.message : (signalName ?? `exit code ${code}`);
    this.#child.stdin.destroy();
    this.#child = undefined;
    this.identity = undefined;
    if (!this.#isWanted) return this.#setState('stopped');
    if (!this.#isReady) {
      this.#isWanted = false;
      this.#setState('failed');
      return this.#reportFailure(this.#startError(how));
    }
    this.#scheduleRestart(how, performance.now() - startedAtMs);
  }

  #scheduleRestart(how, livedMs) {
    if (livedMs > steadyAfterMs) this.#quickCrashes = 0;
    const delayMs = restartDelayMs(this.#quickCrashes);
    this.#quickCrashes += 1;
    this.restarts += 1;
    this.#setState('restarting');
    const when = delayMs > firstRestartMs ? ` in ${delayMs / 1000} s` : '';
    this.announce(
      `${this.name} ended unexpectedly (${how}); starting it again${when}. Log: ${this.spec.logFile}`,
    );
    this.#restartTimer = setTimeout(() => void this.#restart(), delayMs);
  }

  async #restart() {
    try {
      await this.start();
    } catch (error) {
      this.#scheduleRestart(error.message, 0);
    }
  }

  #startError(how) {
    const tail = tailOfLog(this.spec.logFile);
    if (isDiskFull(tail))
      return new UserError(
        `${this.name} could not start because the disk is full. Free some space and start again.`,
      );
    const lines = tail ? `\nIts last lines:\n${tail.replace(/^/gm, '    ')}` : '';
    return new UserError(
      `${this.name} ended while starting (${how}).${lines}\nAll of its output: ${this.spec.logFile}`,
    );
  }

  #setState(state) {
    this.state = state;
    this.onChange();
  }
}

function sweepGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
