import { join } from 'node:path';
import { readJsonFile } from './atomic-file.mjs';
import { runningServer } from './postgres-server.mjs';
import { identityOf, isAlive } from './process-identity.mjs';
import { stopOrder } from './supervisor.mjs';
import { pollUntil } from './wait.mjs';

const graceMs = 15_000;
const leadsGroup = new Set(['litellm', 'edge']);

/**
 * What a killed supervisor left behind: the processes of its record that still live, as shown by pid and start time, in the order
 * in which they are to be ended. `postgres` is what runs on our data folder by PostgreSQL's own pid file.
 */
export function findLeftovers({ record, litellm = [], postgres }, isLiving = isAlive) {
  const processes = record?.processes ?? {};
  const recorded = stopOrder.filter((name) => processes[name]).map((name) => named(name, processes[name]));
  const litellms = litellm.map((identity) => named('litellm', identity));
  const all = [...recorded, ...litellms, named('postgres', postgres)];
  const seen = new Set();
  return all.filter(({ pid, startedAt }) => {
    if (pid === undefined || seen.has(pid) || !isLiving({ pid, startedAt })) return false;
    return seen.add(pid);
  });
}

function named(name, identity) {
  return { name, pid: identity?.pid, startedAt: identity?.startedAt };
}

/** LiteLLM is the runner's child. The runner notes pid and start ("token") of each in its state file (litellm/runner/processes.py). */
function litellmProcesses({ files }) {
  const state = readJsonFile(join(files.runnerData, 'state.json'));
  return (state?.processes ?? [])
    .map(({ pid, token }) => ({ identity: identityOf(pid), token }))
    .filter(({ identity, token }) => identity && hasStartToken(identity, token))
    .map(({ identity }) => identity);
}

/** The runner's token is the start alone; ours has the boot in front of it on Linux. */
function hasStartToken({ startedAt }, token) {
  return startedAt === token || startedAt.endsWith(`:${token}`);
}

/** Ends what was left behind. Returns the names of what there was. */
export async function endLeftovers({ settings, record, dataFolder }) {
  const leftovers = findLeftovers({
    record,
    litellm: litellmProcesses(settings),
    postgres: dataFolder && runningServer(dataFolder),
  });
  for (const leftover of leftovers) await end(leftover);
  return leftovers.map(({ name }) => name);
}

async function end(leftover) {
  sendSignal(leftover, leftover.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
  const hasEnded = () => !isAlive(leftover);
  if (!(await pollUntil(hasEnded, { timeoutMs: graceMs, intervalMs: 50 }))) {
    sendSignal(leftover, 'SIGKILL');
    await pollUntil(hasEnded, { timeoutMs: 5_000, intervalMs: 50 });
  }
  // These lead a process group: in LiteLLM's its database engine lives too, in the edge's its workers.
  if (leadsGroup.has(leftover.name)) killGroupOf(leftover.pid);
}

function sendSignal(identity, signalName) {
  if (!isAlive(identity)) return;
  tolerateGone(() => process.kill(identity.pid, signalName));
}

function killGroupOf(pid) {
  tolerateGone(() => process.kill(-pid, 'SIGKILL'));
}

function tolerateGone(kill) {
  try {
    kill();
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
