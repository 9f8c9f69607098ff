import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { E2eStack } from '../e2e-stack';
import { waitUntil } from '../wait-until';
import { environmentOf } from './process-environment';

const startMs = 180_000;
const stopMs = 20_000;

interface LitellmYaml {
  general_settings: Record<string, unknown>;
}

/**
 * A second LiteLLM on the released configuration and the same database, but with our custom auth taken out: what would be left
 * if somebody removed Signalbox.
 */
export class PlainLitellm {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Command line and environment are those of the LiteLLM that runs, whatever engine and paths the runner chose. */
  static async start(stack: E2eStack): Promise<PlainLitellm> {
    const pid = await waitUntil(() => stack.processes.pidOf('litellm'), {
      deadlineMs: startMs,
      what: 'a running LiteLLM',
    });
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-plain-litellm-'));
    const port = await freePort();
    const [command = '', ...args] = readNullSeparated(`/proc/${pid}/cmdline`);
    const configPath = join(folder, 'config.yaml');
    writeFileSync(configPath, withoutCustomAuth(readFileSync(argumentAfter(args, '--config'), 'utf8')));
    const child = spawn(command, withArguments(args, { '--config': configPath, '--port': String(port) }), {
      env: environmentOf(pid),
      cwd: folder,
      stdio: 'ignore',
    });
    const plain = new PlainLitellm(`http://127.0.0.1:${port}`, child, folder);
    await plain.waitUntilLive().catch(async (error: unknown) => {
      await plain.stop();
      throw error;
    });
    return plain;
  }

  async stop(): Promise<void> {
    const hasEnded = (): boolean => this.child.exitCode !== null || this.child.signalCode !== null;
    this.child.kill('SIGTERM');
    await waitUntil(hasEnded, { deadlineMs: stopMs, what: 'the plain LiteLLM to end' }).catch(() =>
      this.child.kill('SIGKILL'),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async waitUntilLive(): Promise<void> {
    const outcome = await waitUntil(
      async () => {
        if (this.child.exitCode !== null) return 'ended';
        const response = await fetch(`${this.url}/health/liveliness`, { signal: AbortSignal.timeout(2_000) });
        return response.ok ? 'live' : null;
      },
      { deadlineMs: startMs, what: 'the plain LiteLLM', pollEveryMs: 200 },
    );
    if (outcome === 'ended') throw new Error(`the plain LiteLLM ended with code ${this.child.exitCode}`);
  }
}

function withoutCustomAuth(yaml: string): string {
  const config = parse(yaml) as LitellmYaml;
  if (!('custom_auth' in config.general_settings))
    throw new Error('the release has no custom auth to take out');
  delete config.general_settings['custom_auth'];
  return stringify(config);
}

function readNullSeparated(path: string): string[] {
  return readFileSync(path, 'utf8').split('\0').filter(Boolean);
}

function argumentAfter(args: readonly string[], name: string): string {
  const value = args[args.indexOf(name) + 1];
  if (!args.includes(name) || value === undefined) throw new Error(`LiteLLM was started without ${name}`);
  return value;
}

function withArguments(args: readonly string[], changes: Record<string, string>): string[] {
  return args.map((arg, index) => changes[args[index - 1] ?? ''] ?? arg);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
