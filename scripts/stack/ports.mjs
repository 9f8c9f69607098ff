import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { commandLineOf } from './process-identity.mjs';
import { portVariables } from './settings.mjs';
import { UserError } from './user-error.mjs';

/** Refuses to go on where a port that we are going to use is taken, and says by whom and what to do. */
export async function checkPorts({ ports, host }, names) {
  for (const name of names) {
    const port = ports[name];
    const isOwnStore = name === 'postgres' || name === 'redis';
    if (await isFree(port, isOwnStore ? '127.0.0.1' : host)) continue;
    const holder = describeHolder(port);
    const { variable } = portVariables[name];
    throw new UserError(
      `Port ${port} (${variable}) is already in use${holder ? ` by ${holder}` : ''}. End that program, set ${variable} to another port, or move all ports with SIGNALBOX_PORT_OFFSET.`,
    );
  }
}

export function isFree(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE') return resolve(false);
      if (error.code === 'EACCES') return resolve(false);
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        return reject(new UserError(`SIGNALBOX_HOST is "${host}", which is no address of this machine.`));
      }
      reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below the range from which systems take the local ports of outgoing connections: one of those could take a port while its owner restarts. */
const lowestFreePort = 10_000;
const highestFreePort = 30_000;

/** Ports that are free now, all different. */
export async function findFreePorts(count) {
  const found = new Set();
  for (let attempts = 0; found.size < count && attempts < 100 * count; attempts += 1) {
    const port = randomInt(lowestFreePort, highestFreePort);
    if (!found.has(port) && (await isFree(port, '127.0.0.1'))) found.add(port);
  }
  return [...found];
}

function describeHolder(port) {
  const pid = process.platform === 'linux' ? holderFromProc(port) : holderFromLsof(port);
  if (!pid) return undefined;
  const command = commandLineOf(pid);
  return `process ${pid}${command ? ` (${command.slice(0, 60)})` : ''}`;
}

/** /proc/net/tcp lists each listening socket (state 0A) with its port in hexadecimal and its inode. */
export function listeningInodes(text, port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && fields[1].endsWith(`:${hex}`))
    .map((fields) => fields[9]);
}

function holderFromProc(port) {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) =>
    readOrEmpty(() => readFileSync(path, 'utf8'), ''),
  );
  const links = new Set(
    tables.flatMap((text) => listeningInodes(text, port)).map((inode) => `socket:[${inode}]`),
  );
  if (links.size === 0) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const holds = (pid) =>
    readOrEmpty(() => readdirSync(`/proc/${pid}/fd`), []).some((fd) =>
      links.has(readOrEmpty(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')),
    );
  return pids.find(holds);
}

/** Another user's processes cannot be looked into, and any process may end while we look. */
function readOrEmpty(read, empty) {
  try {
    return read();
  } catch {
    return empty;
  }
}

function holderFromLsof(port) {
  try {
    return (
      execFileSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' }).split(
        '\n',
      )[0] || undefined
    );
  } catch {
    return undefined;
  }
}
