import { mkdir, readdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const suffix = '.lease';
const renewEveryMs = 3_000;
/** Well before others take this process for dead it stops trusting its own lease. */
const certainForMs = 8_000;
const deadAfterMs = 15_000;

interface Holder {
  pid: number;
  host: string;
  /** When the process began: in a container the next one has the same number. */
  started_at_ms: number;
}

const self: Holder = {
  pid: process.pid,
  host: hostname(),
  started_at_ms: Math.round(performance.timeOrigin),
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What the number of the process proves on this host; beyond it only time tells. */
function isProvenDead({ pid, host, started_at_ms }: Holder): boolean {
  if (host !== self.host) return false;
  if (pid === self.pid) return started_at_ms !== self.started_at_ms;
  return !isAlive(pid);
}

/**
 * Tells the other processes on one state directory that this one lives: a file `<id>.lease` whose time is renewed. What a dead
 * process left behind may be taken over; a process that was frozen for so long that others may think it dead finds out by
 * `isCertain`.
 */
export class StateLease {
  private readonly path: string;
  private timer: NodeJS.Timeout | null = null;
  private renewedAtMs = -Infinity;

  constructor(
    readonly dir: string,
    readonly ownerId: string,
  ) {
    this.path = join(dir, `${ownerId}${suffix}`);
  }

  /** Any number of times. Throws when the directory cannot be written. */
  async start(): Promise<void> {
    if (this.timer) return;
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const askedAtMs = performance.now();
    await writeFile(this.path, JSON.stringify(self), { mode: 0o600 });
    this.renewedAtMs = askedAtMs;
    this.timer ??= setInterval(() => void this.renew().catch(() => undefined), renewEveryMs).unref();
  }

  isCertain(): boolean {
    return performance.now() - this.renewedAtMs < certainForMs;
  }

  async renew(): Promise<void> {
    const askedAtMs = performance.now();
    const now = new Date();
    try {
      await utimes(this.path, now, now);
    } catch {
      await writeFile(this.path, JSON.stringify(self), { mode: 0o600 });
    }
    this.renewedAtMs = askedAtMs;
  }

  /** Ids of those that live, this one among them. */
  async liveOwners(): Promise<Set<string>> {
    const names = (await readdir(this.dir)).filter((name) => name.endsWith(suffix));
    const owners = await Promise.all(names.map((name) => this.readOwner(name)));
    return new Set([this.ownerId, ...owners.filter((owner) => owner !== null)]);
  }

  /** The lease of a dead process whose things have been taken over. */
  async bury(ownerId: string): Promise<void> {
    await unlink(join(this.dir, `${ownerId}${suffix}`)).catch(() => undefined);
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    this.renewedAtMs = -Infinity;
    await unlink(this.path).catch(() => undefined);
  }

  /** @returns null: it is dead, or has gone this very moment */
  private async readOwner(name: string): Promise<string | null> {
    const path = join(this.dir, name);
    try {
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs > deadAfterMs) return null;
      const holder = JSON.parse(await readFile(path, 'utf8')) as Holder;
      return isProvenDead(holder) ? null : name.slice(0, -suffix.length);
    } catch (error) {
      // Just being written: it lives.
      return error instanceof SyntaxError ? name.slice(0, -suffix.length) : null;
    }
  }
}
