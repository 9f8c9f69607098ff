import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError, isDiskFull } from './user-error.mjs';

const keptOutputBytes = 5_000_000;
const shownLines = 12;
/** npm goes on for long after SIGTERM. */
const killAfterMs = 2_000;

export function lastLines(text, count = shownLines) {
  return text.trimEnd().split(/\r?\n/).slice(-count).join('\n');
}

/** Ends a child together with the processes it started (it leads its own process group). */
export function killGroup(child, signalName) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signalName);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Runs one command to its end, with its output in a log file. Resolves with its standard output.
 * A failure becomes one UserError: what failed, the last lines, what to do (`advice`).
 * `signal` ends it; it runs in its own process group, so that Ctrl-C reaches it only this way, in order.
 */
export function runCommand(file, args, options) {
  const { what, advice = '', cwd, env, uid, gid, input, logFile, signal, onLine, errorLines } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const log = logFile ? openLog(logFile) : undefined;
    const child = spawn(file, args, { cwd, env, uid, gid, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    const take = (chunk, isStdout) => {
      if (log !== undefined) writeSync(log, chunk);
      const text = chunk.toString('utf8');
      output = (output + text).slice(-keptOutputBytes);
      if (isStdout) stdout = (stdout + text).slice(-keptOutputBytes);
      const line = onLine && text.trim().split(/\r?\n/).at(-1);
      if (line) onLine(line.slice(0, 70));
    };
    child.stdout.on('data', (chunk) => take(chunk, true));
    child.stderr.on('data', (chunk) => take(chunk, false));
    child.stdin.on('error', () => {}); // a command that ends without reading its input is no error of ours
    child.stdin.end(input ?? '');

    let killTimer;
    const onAbort = () => {
      killGroup(child, 'SIGTERM');
      killTimer = setTimeout(() => killGroup(child, 'SIGKILL'), killAfterMs);
    };
    signal?.addEventListener('abort', onAbort, { once: true });

    const settle = (error) => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(killTimer);
      if (log !== undefined) closeSync(log);
      if (signal?.aborted) reject(signal.reason);
      else if (error) reject(error);
      else resolve(stdout);
    };
    child.on('error', (error) =>
      settle(new UserError(`${what} could not be started: ${error.message}. ${advice}`.trim())),
    );
    child.on('close', (code, signalName) => {
      settle(
        code === 0 ? undefined : failure({ what, advice, output, logFile, errorLines, code, signalName }),
      );
    });
  });
}

function openLog(path) {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'w', 0o600);
}

/** The first lines that look like `errorLines`, for tools that put the cause before a long stack; else the last lines. */
function tellingLines(output, errorLines) {
  const telling = errorLines ? output.split(/\r?\n/).filter((line) => errorLines.test(line)) : [];
  return telling.length > 0 ? telling.slice(0, shownLines).join('\n') : lastLines(output).trim();
}

function failure({ what, advice, output, logFile, errorLines, code, signalName }) {
  if (isDiskFull(output)) {
    return new UserError(`${what} failed because the disk is full. Free some space and start again.`);
  }
  const how = signalName ? `was ended by ${signalName}` : `exit code ${code}`;
  const parts = [`${what} failed (${how}).${advice ? ` ${advice}` : ''}`];
  const shown = tellingLines(output, errorLines);
  if (shown) parts.push(`What it said:\n${shown.replace(/^/gm, '    ')}`);
  if (logFile) parts.push(`All of its output: ${logFile}`);
  return new UserError(parts.join('\n'));
}
