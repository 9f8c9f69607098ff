import { fetchJson } from './health.mjs';
import { readSecrets } from './secrets-file.mjs';
import { readSettings } from './settings.mjs';
import { phaseOf, readStackRecord } from './stack-record.mjs';
import { statusReport } from './status-report.mjs';
import { messageFor } from './user-error.mjs';

/** Exit code 0 when it is running, else 1. */
export async function main(args) {
  try {
    const report = await readStatus(readSettings());
    if (args.includes('--json')) console.log(JSON.stringify(report, null, 2));
    else printTable(report);
    process.exitCode = report.running ? 0 : 1;
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

async function readStatus(settings) {
  const record = readStackRecord(settings.files.stack);
  const phase = phaseOf(record);
  if (phase !== 'running') return statusReport({ settings, record, phase });
  const [runnerState, edgeWorkers] = await Promise.all([askRunner(settings, record), askEdge(record)]);
  return statusReport({ settings, record, phase, runnerState, edgeWorkers });
}

/** The processes that serve port 4000: children of the one that the supervisor started. */
async function askEdge({ urls }) {
  try {
    const { status, body } = await fetchJson(`${urls.metrics}/workers`);
    return status === 200
      ? body.workers.map(({ pid, state, readiness }) => ({ pid, state, readiness }))
      : undefined;
  } catch {
    return undefined; // it is being restarted; its row says so
  }
}

async function askRunner({ files }, record) {
  try {
    const token = readSecrets(files.secrets)?.internalToken;
    const { status, body } = await fetchJson(`${record.urls.runner}/state`, { token });
    return status === 200 ? body : undefined;
  } catch {
    return undefined; // it is being restarted; its row says so
  }
}

function printTable(report) {
  if (report.phase === 'stopped')
    return console.log(`Signalbox is not running in ${report.data_dir}. Start it with: npm start`);
  if (report.phase === 'leftover') {
    return console.log(
      `The supervisor of ${report.data_dir} was killed; some of its processes still run. Clean up with: npm stop`,
    );
  }
  console.log(
    `Signalbox ${report.versions.signalbox} is ${report.phase} (supervisor: process ${report.supervisor_pid})\n`,
  );
  for (const [name, { pid, state, workers = [] }] of Object.entries(report.processes)) {
    console.log(row(name, pid, state));
    for (const worker of workers)
      console.log(row('  worker', worker.pid, `${worker.state}, ${worker.readiness}`));
  }
  console.log(
    `\n  LLM requests  ${report.edge_url}\n  admin API     ${report.api_url} (reference: ${report.api_docs_url})`,
  );
  console.log(`  metrics       ${report.metrics_url ?? '-'}`);
  console.log(`  LiteLLM       ${report.litellm_url ?? '-'}\n  data and logs ${report.data_dir}`);
}

function row(name, pid, state) {
  return `  ${name.padEnd(10)} ${String(pid ?? '-').padStart(8)}  ${state}`;
}
