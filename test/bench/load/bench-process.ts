import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadFigures, LoadJob } from './load-generator.process';

const hook = join(__dirname, '..', '..', '..', 'scripts', 'testing', 'typescript-hook.cjs');
/** getconf CLK_TCK, on every Linux that is in use. */
const ticksPerSecond = 100;

export function forkTypeScript(file: string): ChildProcess {
  return fork(join(__dirname, file), [], {
    execArgv: ['-r', hook],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

export async function startFastProvider(): Promise<{ port: number; close(): void }> {
  const child = forkTypeScript('fast-provider.process.ts');
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { port, close: () => void child.kill() };
}

/** Makes load from a process of its own, so that measuring does not disturb what is measured. */
export class LoadGenerator {
  private readonly child = forkTypeScript('load-generator.process.ts');

  async run(job: LoadJob): Promise<LoadFigures> {
    const answer = once(this.child, 'message') as Promise<[LoadFigures]>;
    this.child.send(job);
    return (await answer)[0];
  }

  close(): void {
    this.child.kill();
  }
}

export interface Spawned {
  readonly pid: number;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

export function spawnProgram(
  command: string,
  args: readonly string[],
  { env, cwd, logFd }: { env: NodeJS.ProcessEnv; cwd?: string; logFd: number },
): Spawned {
  const child = spawn(command, args, { env, ...(cwd ? { cwd } : {}), stdio: ['ignore', logFd, logFd] });
  const pid = child.pid ?? 0;
  return {
    pid,
    child,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function statOf(pid: number): { parent: number; cpuSeconds: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      parent: Number(fields[1]),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    };
  } catch {
    return null;
  }
}

/** A process and all that it started. */
function treeOf(root: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(pids.map((pid) => [pid, statOf(pid)?.parent]));
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return pids.filter(belongs);
}

export function cpuSecondsOf(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (statOf(pid)?.cpuSeconds ?? 0), 0);
}

/** Proportional set size: memory that several processes share is counted once. */
export function memoryMbOf(root: number): number {
  const kilobytes = treeOf(root).map((pid) => {
    try {
      return Number(/^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1_024;
}
