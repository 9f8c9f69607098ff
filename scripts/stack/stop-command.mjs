import { rmSync } from 'node:fs';
import { endLeftovers } from './leftovers.mjs';
import { locatePostgres } from './postgres-server.mjs';
import { isAlive } from './process-identity.mjs';
import { formatSeconds } from './progress.mjs';
import { readSettings } from './settings.mjs';
import { phaseOf, readStackRecord } from './stack-record.mjs';
import { UserError, messageFor } from './user-error.mjs';
import { pollUntil } from './wait.mjs';

/** The longest drains together, with room. */
const stopMs = 180_000;

export async function main() {
  try {
    console.log(await stopStack(readSettings()));
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

/** Ends the stack of this data folder: through its supervisor, or directly what a killed supervisor left. */
export async function stopStack(settings) {
  const startedAtMs = performance.now();
  const record = readStackRecord(settings.files.stack);
  if (record && isAlive(record.supervisor)) {
    await askSupervisor(record.supervisor);
    return `Stopped after ${formatSeconds(performance.now() - startedAtMs)}.`;
  }
  const ended = await endLeftovers({ settings, record, dataFolder: locatePostgres(settings).dataFolder });
  rmSync(settings.files.stack, { force: true });
  if (ended.length > 0) return `Ended what a killed start had left running: ${ended.join(', ')}.`;
  return `Signalbox is not running in ${settings.dataDir}.`;
}

async function askSupervisor(supervisor) {
  process.kill(supervisor.pid, 'SIGTERM');
  const hasEnded = await pollUntil(() => !isAlive(supervisor), { timeoutMs: stopMs });
  if (hasEnded) return;
  throw new UserError(
    `The supervisor (process ${supervisor.pid}) has not ended after ${stopMs / 1000} s. End it with: kill -9 ${supervisor.pid}; npm stop`,
  );
}

export function isStackUp(settings) {
  return phaseOf(readStackRecord(settings.files.stack)) !== 'stopped';
}
