import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateVirtualKeyValue, hashVirtualKeyValue } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { organization, ProjectionWriter, workspace } from '../../support/edge-app';
import { freePort } from '../../support/e2e/plain-litellm';
import { waitUntil } from '../../support/wait-until';
import { type Spawned, spawnProgram } from './bench-process';

const main = join(__dirname, '..', '..', '..', 'dist', 'apps', 'edge', 'src', 'main.js');
const internalToken = 'internal-token-of-benches';
const startMs = 30_000;

/** Far above what a benchmark reaches: every limit is counted, none is met. */
const wideLimits = { rpm_limit: 100_000_000, rpd_limit: 1_000_000_000, tpm_limit: 1_000_000_000 };

export interface BenchEdge {
  readonly port: number;
  readonly key: string;
  readonly program: Spawned;
  stop(): Promise<void>;
}

export interface BenchEdgeOptions {
  redisUrl: string;
  /** What stands where LiteLLM is. */
  litellmPort: number;
  workers: number;
  hasLimits: boolean;
  /** Where the deployments really are, for calls that go around LiteLLM. */
  providerPort: number;
}

/**
 * An edge as it runs in production, in a process of its own: key check, allowlist, limits at three levels, metrics, usage events to
 * Redis, access log. Only LiteLLM's place is taken by something faster.
 */
export async function startBenchEdge(options: BenchEdgeOptions): Promise<BenchEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-edge-'));
  const prefix = `bench-${randomBytes(4).toString('hex')}`;
  const redis = new Redis(options.redisUrl);
  const key = generateVirtualKeyValue();
  await writeProjection(new ProjectionWriter(redis, prefix), key, options);
  const runner = await startRunner(options.litellmPort);
  const [port, egressPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    REDIS_URL: options.redisUrl,
    SIGNALBOX_REDIS_PREFIX: prefix,
    SIGNALBOX_EDGE_PORT: String(port),
    SIGNALBOX_EGRESS_PORT: String(egressPort),
    SIGNALBOX_METRICS_PORT: String(metricsPort),
    SIGNALBOX_EDGE_WORKERS: String(options.workers),
    SIGNALBOX_EDGE_STATE_DIR: join(folder, 'state'),
    SIGNALBOX_EDGE_STATE_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    SIGNALBOX_RUNNER_URL: runner.url,
    SIGNALBOX_INTERNAL_TOKEN: internalToken,
    SIGNALBOX_FALLBACK_TOKEN: 'fallback-token-of-benches',
    SIGNALBOX_CONTEXT_SIGNING_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
  };
  const program = spawnProgram(process.execPath, [main], {
    env,
    logFd: openSync(join(folder, 'edge.log'), 'a'),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(async () => (await askOnce(url, key)).ok, {
    deadlineMs: startMs,
    what: 'the edge of the benchmark',
  });
  return {
    port,
    key,
    program,
    stop: async () => {
      await program.stop();
      runner.close();
      for (const name of await redis.keys(`${prefix}*`)) await redis.del(name);
      redis.disconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function askOnce(url: string, key: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: 'Are you there?' }] }),
  });
}

async function writeProjection(
  projection: ProjectionWriter,
  key: string,
  { hasLimits, providerPort }: BenchEdgeOptions,
): Promise<void> {
  const limits = hasLimits ? wideLimits : {};
  await projection.write('organization', 'org_1', { ...organization, ...limits });
  await projection.write('workspace', 'ws_1', {
    ...workspace,
    ...limits,
    routing: { cascades: { 'bench-down': ['bench'] }, cross_vendor: true },
  });
  await projection.write('key', hashVirtualKeyValue(key), {
    key_id: 'key_bench',
    organization_id: 'org_1',
    workspace_id: 'ws_1',
    key_alias: null,
    models: ['bench', 'bench-down'],
    status: 'active',
    expires_at: null,
    max_budget: null,
    budget_duration: null,
    user_id: null,
    ...limits,
  });
  const models = ['bench', 'bench-down'].map((name) => modelOf(name, providerPort));
  await projection.write('catalogue', 'current', { release_id: 'rel_1', release_number: 1, models });
  await projection.complete();
}

function modelOf(name: string, providerPort: number): object {
  const deployment = {
    id: `dep_${name}`,
    provider_id: 'prov_1',
    provider_kind: 'openai_compatible',
    needs_key: false,
    credential_id: null,
    weight: 1,
    order: 0,
    upstream_model: name,
    base_url: `http://127.0.0.1:${providerPort}/v1`,
  };
  return {
    name,
    mode: 'chat',
    deployment_ids: [deployment.id],
    deployments: [deployment],
    openrouter_id: `bench/${name}`,
  };
}

/** Says that LiteLLM is where the provider of the benchmark is. */
async function startRunner(litellmPort: number): Promise<{ url: string; close(): void }> {
  const state = {
    version: 1,
    active: { slot: 'blue', base_url: `http://127.0.0.1:${litellmPort}`, pid: 1, litellm_version: '1.103.1' },
    candidate: null,
    litellm_status: 'live',
  };
  const server = createServer((request, response) => {
    const isPoll = /after=1\b/.test(request.url ?? '');
    const timer = setTimeout(() => response.end(JSON.stringify(state)), isPoll ? 20_000 : 0);
    response.on('close', () => clearTimeout(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => (server.close(), server.closeAllConnections()) };
}
