import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generateVirtualKeyValue, hashVirtualKeyValue, unlimited } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { Agent, fetch, type Response } from 'undici';
import { LitellmStandIn } from '../stand-ins/litellm.stand-in';
import { RunnerStandIn } from '../stand-ins/runner.stand-in';
import { organization, ProjectionWriter, signingKeys, workspace } from './edge-app';
import { waitUntil } from './wait-until';

const root = join(__dirname, '..', '..');
export const edgeMain = join(root, 'apps', 'edge', 'src', 'main.ts');
const internalToken = 'internal-token-of-tests';

export interface WorkerView {
  index: number;
  pid: number;
  state: string;
  readiness: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Connections of one request each: an idle one that is kept would hold up the end of a worker. */
const dispatcher = new Agent({ pipelining: 0 });

/** Whether a process runs; one that has ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A real edge: the process that main.ts starts, with stand-ins behind it and a Redis prefix of its own. */
export class EdgeProcess {
  output = '';
  exitCode: number | string | null = null;
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly metricsUrl: string,
    readonly key: string,
    readonly litellm: LitellmStandIn,
    readonly runner: RunnerStandIn,
    private readonly projection: ProjectionWriter,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.once('exit', (code, signal) => (this.exitCode = code ?? signal));
  }

  /** @param main what is run, and run again by a restart */
  static async launch(environment: Record<string, string> = {}, main = edgeMain): Promise<EdgeProcess> {
    const redisUrl = process.env['TEST_REDIS_URL'];
    if (!redisUrl) throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
    const prefix = `test-${randomBytes(6).toString('hex')}`;
    const projection = new ProjectionWriter(new Redis(redisUrl), prefix);
    await projection.write('organization', 'org_1', organization);
    await projection.write('workspace', 'ws_1', workspace);
    const key = generateVirtualKeyValue();
    await projection.write('key', hashVirtualKeyValue(key), {
      key_id: 'key_1',
      organization_id: 'org_1',
      workspace_id: 'ws_1',
      key_alias: 'test',
      models: [],
      status: 'active',
      expires_at: null,
      ...unlimited,
      max_budget: null,
      budget_duration: null,
    });
    await projection.complete();
    const runner = await RunnerStandIn.start(internalToken);
    const litellm = await LitellmStandIn.start(signingKeys);
    runner.activate(litellm);
    const [port, egressPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      SIGNALBOX_EDGE_PORT: String(port),
      SIGNALBOX_EGRESS_PORT: String(egressPort),
      SIGNALBOX_METRICS_PORT: String(metricsPort),
      SIGNALBOX_EDGE_WORKERS: '2',
      SIGNALBOX_RUNNER_URL: runner.url,
      SIGNALBOX_BROKER_URL: 'http://127.0.0.1:1',
      SIGNALBOX_INTERNAL_TOKEN: internalToken,
      SIGNALBOX_FALLBACK_TOKEN: 'fallback-token-of-tests',
      SIGNALBOX_CONTEXT_SIGNING_KEYS: signingKeys
        .map(({ kid, key: bytes }) => `${kid}:${bytes.toString('base64url')}`)
        .join(),
      SIGNALBOX_REDIS_PREFIX: prefix,
      REDIS_URL: redisUrl,
      ...environment,
    };
    const hook = join(root, 'scripts', 'testing', 'typescript-hook.cjs');
    // A group of its own, as under `npm start`.
    const child = spawn(process.execPath, ['-r', hook, main], { env, cwd: root, detached: true });
    const at = (one: string | undefined): string => `http://127.0.0.1:${one}`;
    return new EdgeProcess(
      child,
      at(env['SIGNALBOX_EDGE_PORT']),
      at(env['SIGNALBOX_METRICS_PORT']),
      key,
      litellm,
      runner,
      projection,
    );
  }

  /** Launched, and every worker ready. */
  static async start(environment: Record<string, string> = {}, main = edgeMain): Promise<EdgeProcess> {
    const edge = await EdgeProcess.launch(environment, main);
    await edge.untilWorkers(
      (workers) => workers.length > 0 && workers.every(isServing),
      'the workers to be ready',
    );
    return edge;
  }

  get redisPrefix(): string {
    return this.projection.prefix;
  }

  async workers(): Promise<WorkerView[]> {
    const response = await fetch(`${this.metricsUrl}/workers`, { dispatcher });
    return ((await response.json()) as { workers: WorkerView[] }).workers;
  }

  untilWorkers(condition: (workers: WorkerView[]) => boolean, what: string): Promise<WorkerView[]> {
    return waitUntil(
      async () => {
        if (this.exitCode !== null) throw new Error(`the edge ended (${this.exitCode}): ${this.output}`);
        const workers = await this.workers();
        return condition(workers) && workers;
      },
      { deadlineMs: 50_000, what: `${what}; ${this.output.slice(-2_000)}` },
    );
  }

  async untilExit(): Promise<number | string> {
    return waitUntil(() => this.exitCode, { deadlineMs: 50_000, what: 'the edge to end' });
  }

  operate(
    path: string,
    init: { method?: string; body?: string } = {},
    token = internalToken,
  ): Promise<Response> {
    return fetch(this.metricsUrl + path, {
      ...init,
      dispatcher,
      headers: { authorization: `Bearer ${token}` },
    });
  }

  chat(stream = false): Promise<Response> {
    const body = JSON.stringify({ model: 'demo', stream, messages: [{ role: 'user', content: 'hello' }] });
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
    return fetch(`${this.url}/v1/chat/completions`, { method: 'POST', headers, body, dispatcher });
  }

  async close(): Promise<void> {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch {
      // All of the group have ended.
    }
    await Promise.all([this.litellm.kill(), this.runner.close(), this.projection.flush()]);
    this.projection.redis.disconnect();
  }
}

export function isServing({ state, readiness }: WorkerView): boolean {
  return state === 'serving' && readiness === 'ready';
}
