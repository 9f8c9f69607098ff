import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/e2e/plain-litellm';
import { waitUntil } from '../support/wait-until';

const portVariables = [
  'EDGE',
  'API',
  'API_INTERNAL',
  'RUNNER',
  'LITELLM_BLUE',
  'LITELLM_GREEN',
  'POSTGRES',
  'REDIS',
  'WORKER',
];
const passedOn =
  /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|NODE_EXTRA_CA_CERTS|PIP_.*|npm_config_(registry|cafile)|SSL_CERT_.*|HTTPS?_PROXY|NO_PROXY)$/i;

/** A clone of what is committed here, on a machine without any cache: npm's, pip's and our own are new and empty folders. */
export class FreshCheckout {
  private constructor(
    readonly root: string,
    readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  static async clone(): Promise<FreshCheckout> {
    const root = mkdtempSync(join(tmpdir(), 'signalbox-fresh-'));
    const folder = join(root, 'signalbox');
    execFileSync('git', ['clone', '--quiet', `file://${join(__dirname, '..', '..')}`, folder]);
    const ports = await Promise.all(
      portVariables.map(async (name) => [`SIGNALBOX_${name}_PORT`, String(await freePort())]),
    );
    const kept = Object.entries(process.env).filter(([name]) => passedOn.test(name));
    const env = {
      ...(Object.fromEntries([...kept, ...ports]) as Record<string, string>),
      XDG_CACHE_HOME: join(root, 'cache'),
      npm_config_cache: join(root, 'npm-cache'),
      PIP_CACHE_DIR: join(root, 'pip-cache'),
    };
    return new FreshCheckout(root, folder, env);
  }

  /** `npm start`, until it says that it is ready. */
  async start(deadlineMs: number): Promise<RunningStart> {
    const child = this.spawn('npm', ['start']);
    const running = new RunningStart(child);
    await waitUntil(() => running.isReady() || running.hasEnded(), {
      deadlineMs,
      what: 'npm start to be ready',
    });
    if (!running.isReady()) throw new Error(`npm start ended:\n${running.output.slice(-4_000)}`);
    return running;
  }

  async run(
    command: string,
    args: string[],
    deadlineMs: number,
  ): Promise<{ exitCode: number; output: string }> {
    const child = this.spawn(command, args);
    const running = new RunningStart(child);
    await waitUntil(() => running.hasEnded(), {
      deadlineMs,
      what: `${command} ${args.join(' ')}`,
      pollEveryMs: 250,
    });
    return { exitCode: child.exitCode ?? -1, output: running.output };
  }

  /** As the leader of a group: Ctrl-C reaches all of it, as in a terminal. */
  private spawn(command: string, args: string[]): ChildProcess {
    const { folder: cwd, env } = this;
    return spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  }

  /** Processes whose command line or folder lies in this checkout or its caches. */
  leftovers(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(commandLine)
      .filter((line) => line.includes(this.root));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended while we were reading.
    return '';
  }
}

export class RunningStart {
  output = '';

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (this.output += String(chunk)));
  }

  isReady(): boolean {
    return this.output.includes('Ready after');
  }

  hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The line as it was printed, run by a shell. */
  printedChat(): string {
    const line = this.output
      .split('\n')
      .find((text) => text.includes('curl') && text.includes('/v1/chat/completions'));
    if (!line) throw new Error(`no curl line was printed:\n${this.output.slice(-4_000)}`);
    return execFileSync('sh', ['-c', `${line.trim()} -D -`], { encoding: 'utf8', timeout: 60_000 });
  }

  /** Ctrl-C. */
  async interrupt(): Promise<number> {
    const startedAtMs = performance.now();
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGINT');
    await waitUntil(() => this.hasEnded(), { deadlineMs: 90_000, what: 'npm start to end' });
    return Math.round(performance.now() - startedAtMs);
  }
}
