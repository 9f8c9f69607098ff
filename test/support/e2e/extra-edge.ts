import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { E2eStack } from '../e2e-stack';
import { waitUntil } from '../wait-until';
import { freePort } from './plain-litellm';
import { environmentOf } from './process-environment';

const startMs = 30_000;
const stopMs = 40_000;
const main = join(__dirname, '..', '..', '..', 'dist', 'apps', 'edge', 'src', 'main.js');

/** One more edge beside the stack's own: the same settings, ports and a state folder of its own. */
export class ExtraEdge {
  private child: ChildProcess | null = null;

  private constructor(
    readonly url: string,
    readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  static async start(stack: E2eStack, more: Record<string, string> = {}): Promise<ExtraEdge> {
    const pid = await waitUntil(() => stack.processes.pidOf('edge'), {
      deadlineMs: startMs,
      what: 'a running edge',
    });
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-extra-edge-'));
    const port = await freePort();
    const edge = new ExtraEdge(`http://127.0.0.1:${port}`, folder, {
      ...environmentOf(pid),
      SIGNALBOX_EXIT_WITH_PARENT: '0',
      SIGNALBOX_EDGE_WORKERS: '1',
      SIGNALBOX_EDGE_PORT: String(port),
      SIGNALBOX_EGRESS_PORT: String(await freePort()),
      SIGNALBOX_METRICS_PORT: String(await freePort()),
      SIGNALBOX_EDGE_STATE_DIR: join(folder, 'state'),
      ...more,
    });
    edge.spawn();
    await edge.waitUntilReady();
    return edge;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get log(): string {
    return readFileSync(join(this.folder, 'edge.log'), 'utf8');
  }

  /** Answers requests, whatever it lacks. */
  async waitUntilReady(): Promise<void> {
    await waitUntil(async () => (await fetch(`${this.url}/health/readiness`)).ok, {
      deadlineMs: startMs,
      what: `the edge at ${this.url}`,
      pollEveryMs: 20,
    });
  }

  async restart(): Promise<void> {
    await this.end('SIGTERM');
    this.spawn();
    await this.waitUntilReady();
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(): void {
    const log = openSync(join(this.folder, 'edge.log'), 'a');
    this.child = spawn(process.execPath, [main], { env: this.env, stdio: ['ignore', log, log] });
  }
}
