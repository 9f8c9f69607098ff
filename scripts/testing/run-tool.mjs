import { spawn } from 'node:child_process';
import { killGroup } from '../stack/command.mjs';

const keptBytes = 4_000_000;
const killAfterMs = 10_000;
/** Far beyond what any suite takes: a hanging tool must end as a failure before CI ends the whole run. */
const longestRunMs = 45 * 60_000;
/** jest waits for ever for what its tests left open. It says so after a second, within which a busy machine closes nothing. */
const hangGraceMs = 20_000;
const saysItHangs = 'Jest did not exit one second after the test run has completed';

/** Runs a test tool with its output shown as it comes (or kept back, `isQuiet`). Never throws for a failing tool. */
export function runTool(file, args, { env, cwd, signal, isQuiet = false, hangMs = hangGraceMs }) {
  signal.throwIfAborted();
  // A process group of its own: Ctrl-C ends the tools through us, together with what they started.
  const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const show = (text) => {
    output = (output + text).slice(-keptBytes);
    if (!isQuiet) process.stdout.write(text);
  };
  const end = endOnce(child);
  const giveUp = (why) => {
    if (end()) show(`\n${why}: it is ended and counts as failed.\n`);
  };
  let hang;
  const limit = setTimeout(() => giveUp(`Not done after ${longestRunMs / 60_000} minutes`), longestRunMs);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      show(text);
      if (!text.includes(saysItHangs)) return;
      hang ??= setTimeout(() => giveUp('Something that the tests opened keeps jest from ending'), hangMs);
    });
  }
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    const settle = (exitCode) => {
      clearTimeout(limit);
      clearTimeout(hang);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode, output });
    };
    child.once('error', (error) => {
      show(`${error.message}\n`);
      settle(1);
    });
    child.once('close', (code) => settle(code ?? 1));
  });
}

/** Returns a function that ends the child with its group, and says whether this call was the first. */
function endOnce(child) {
  let isEnding = false;
  return () => {
    if (isEnding) return false;
    isEnding = true;
    killGroup(child, 'SIGTERM');
    const killTimer = setTimeout(() => killGroup(child, 'SIGKILL'), killAfterMs);
    child.once('close', () => clearTimeout(killTimer));
    return true;
  };
}

/** Enough to run tools and to install packages. */
const passedOn =
  /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|TERM|CI|FORCE_COLOR|NO_COLOR|XDG_CACHE_HOME|PIP_.*|npm_config_(registry|cafile|cache)|HTTPS?_PROXY|NO_PROXY|SSL_CERT_.*|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|SIGNALBOX_PROVE_[A-Z_]+)$/i;

/** What tests get to see of the environment: none of the settings or keys of the person who runs them. */
export function toolEnvironment(more = {}) {
  const entries = Object.entries(process.env).filter(([name]) => passedOn.test(name));
  return { ...Object.fromEntries(entries), ...more };
}
