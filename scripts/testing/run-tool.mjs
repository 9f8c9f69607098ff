import { spawn } from 'node:child_process';
import { killGroup } from '../stack/command.mjs';

const keptBytes = 4_000_000;
const killAfterMs = 10_000;

/** Runs a test tool with its output shown as it comes (or kept back, `isQuiet`). Never throws for a failing tool. */
export function runTool(file, args, { env, cwd, signal, isQuiet = false }) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C ends the tools through us, together with what they started.
    const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk) => {
      output = (output + chunk.toString('utf8')).slice(-keptBytes);
      if (!isQuiet) process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    let killTimer;
    const onAbort = () => {
      killGroup(child, 'SIGTERM');
      killTimer = setTimeout(() => killGroup(child, 'SIGKILL'), killAfterMs);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (exitCode) => {
      clearTimeout(killTimer);
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode, output });
    };
    child.once('error', (error) => {
      take(Buffer.from(`${error.message}\n`));
      settle(1);
    });
    child.once('close', (code) => settle(code ?? 1));
  });
}

/** What tests get to see of the environment: enough to run tools, none of the settings or keys of the person who runs them. */
export function toolEnvironment(more = {}) {
  const kept =
    /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|TERM|CI|FORCE_COLOR|NO_COLOR|NODE_EXTRA_CA_CERTS|XDG_CACHE_HOME)$/;
  const entries = Object.entries(process.env).filter(([name]) => kept.test(name));
  return { ...Object.fromEntries(entries), ...more };
}
