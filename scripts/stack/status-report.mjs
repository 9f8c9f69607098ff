import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const demoModel = 'demo';

export function ownVersion(checkout) {
  return JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')).version;
}

export function describeVersions({ postgresVersion, redis, python, runnerState }) {
  return {
    litellm: runnerState.active.litellm_version,
    postgres: postgresVersion,
    redis: redis.version,
    node: process.versions.node,
    python: python.version,
  };
}

/** What `npm run status -- --json` prints. Scripts rely on these names. Nothing secret is in it, only where it is kept. */
export function statusReport({ settings, record, phase, runnerState, edgeWorkers }) {
  const processes = Object.fromEntries(
    Object.entries(record?.processes ?? {}).map(([name, { pid, state }]) => [
      name,
      { pid: pid ?? null, state },
    ]),
  );
  const urls = record?.urls ?? settings.urls;
  if (runnerState)
    processes.litellm = { pid: runnerState.active?.pid ?? null, state: runnerState.litellm_status };
  if (edgeWorkers && processes.edge) processes.edge.workers = edgeWorkers;
  return {
    running: phase === 'running',
    phase,
    edge_url: urls.edge,
    api_url: urls.api,
    api_docs_url: `${urls.api}/api/docs`,
    litellm_url: runnerState?.active?.base_url ?? null,
    runner_url: urls.runner,
    metrics_url: urls.metrics ? `${urls.metrics}/metrics` : null,
    admin_token_file: settings.files.adminToken,
    virtual_key_file: settings.files.virtualKey,
    demo_model: demoModel,
    data_dir: settings.dataDir,
    engine: runnerState?.engine ?? null,
    versions: { signalbox: ownVersion(settings.checkout), ...record?.versions },
    supervisor_pid: record?.supervisor?.pid ?? null,
    processes,
    pids: Object.fromEntries(Object.entries(processes).map(([name, { pid }]) => [name, pid])),
  };
}
