import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const startScript = join(dirname(fileURLToPath(import.meta.url)), '..', 'start.mjs');

/** Starts the supervisor in the background, shows what it writes until it is ready or has given up, and returns. */
export async function startDetached({ files }) {
  mkdirSync(files.logs, { recursive: true, mode: 0o700 });
  const logPath = join(files.logs, 'start.log');
  const log = openSync(logPath, 'w', 0o600);
  const child = spawn(process.execPath, [startScript], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill('SIGTERM'));

  const show = followFile(logPath);
  const timer = setInterval(show, 100);
  const isReady = await new Promise((resolve) => {
    child.once('message', () => resolve(true));
    child.once('exit', () => resolve(false));
  });
  clearInterval(timer);
  show();
  if (child.connected) child.disconnect();
  child.unref();
  process.exit(isReady ? 0 : 1);
}

/** Returns a function that writes to standard output what has been added to the file since its last call. */
function followFile(path) {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  return () => {
    for (let size = 1; size > 0;) {
      size = readSync(file, buffer, 0, buffer.length, null);
      process.stdout.write(buffer.subarray(0, size));
    }
  };
}
