import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LitellmStandIn } from './litellm.stand-in';

interface Waiting {
  after: number;
  answer: () => void;
}

/** The runner's GET /state: a long poll in which asking for what comes after a version acknowledges that version. */
export class RunnerStandIn {
  private version = Date.now();
  private pid = 1_000;
  private active: object | null = null;
  private candidate: object | null = null;
  private waiting: Waiting[] = [];
  private acknowledged = 0;
  private onAcknowledged: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly token: string,
  ) {
    server.on('request', (request, response) => this.serve(request, response));
  }

  static async start(token: string): Promise<RunnerStandIn> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RunnerStandIn(server, token);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Names another LiteLLM (or none) as the active one. */
  activate(litellm: Pick<LitellmStandIn, 'baseUrl'> | null, slot: 'blue' | 'green' = 'blue'): void {
    this.pid += 1;
    this.active = litellm && {
      slot,
      base_url: litellm.baseUrl,
      release_id: `rel_${this.pid}`,
      release_number: this.pid - 1_000,
      pid: this.pid,
      database_mode: true,
      litellm_version: '1.103.1',
      started_at: new Date().toISOString(),
    };
    this.change();
  }

  announceCandidate(phase: 'starting' | 'verifying' | null): void {
    this.candidate = phase && { slot: 'green', release_id: 'rel_next', release_number: 2, phase, pid: 2 };
    this.change();
  }

  /** Resolves once an edge has asked for what comes after the present version. */
  async acknowledgement(): Promise<void> {
    const version = this.version;
    while (this.acknowledged < version)
      await new Promise<void>((resolve) => this.onAcknowledged.push(resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private change(): void {
    this.version += 1;
    for (const { answer } of this.waiting.splice(0)) answer();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://runner');
    if (request.headers.authorization !== `Bearer ${this.token}`) return void response.writeHead(401).end();
    const after = Number(url.searchParams.get('after'));
    if (url.searchParams.has('subscriber')) this.acknowledge(after);
    const answer = (): void => {
      const litellm_status = this.active ? 'running' : this.candidate ? 'starting' : 'down';
      const { version, active, candidate } = this;
      const state = {
        version,
        active,
        candidate,
        litellm_status,
        engine: 'wasm',
        runner_pid: 1,
        last_failure: null,
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state));
    };
    if (after !== this.version || Number(url.searchParams.get('wait_ms')) === 0) return answer();
    this.waiting.push({ after, answer });
  }

  private acknowledge(version: number): void {
    this.acknowledged = Math.max(this.acknowledged, version);
    for (const resolve of this.onAcknowledged.splice(0)) resolve();
  }
}
