import { readFileSync } from 'node:fs';
import type { StackFacts } from './stack-facts';
import { waitUntil } from '../wait-until';

/** What the supervisor of `npm start` holds, and LiteLLM, which the runner holds. */
export type ManagedName = 'edge' | 'api' | 'worker' | 'runner' | 'redis' | 'postgres';
export type ProcessName = ManagedName | 'litellm';

export interface RunnerState {
  version: number;
  active: {
    slot: string;
    base_url: string;
    release_id: string;
    release_number: number;
    pid: number;
    database_mode: boolean;
    litellm_version: string;
    started_at: string;
  } | null;
  candidate: {
    slot: string;
    release_id: string;
    release_number: number;
    phase: string;
    pid: number | null;
  } | null;
  litellm_status: 'starting' | 'running' | 'down';
  engine: string;
  runner_pid: number;
  last_failure: { release_id: string; reason: string } | null;
}

interface StackRecord {
  supervisor: { pid: number };
  processes: Partial<Record<ManagedName, { pid?: number; state: string; restarts: number }>>;
}

/** The supervisor waits up to 30 s before it restarts what crashes again and again. */
const backMs = 60_000;

export class StackProcesses {
  constructor(private readonly facts: StackFacts) {}

  record(): StackRecord {
    return JSON.parse(readFileSync(this.facts.stack_file, 'utf8')) as StackRecord;
  }

  async runnerState(): Promise<RunnerState> {
    const response = await fetch(`${this.facts.runner_url}/state`, {
      headers: { authorization: `Bearer ${this.facts.internal_token}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`the runner answered ${response.status}`);
    return (await response.json()) as RunnerState;
  }

  async pidOf(name: ProcessName): Promise<number | null> {
    if (name === 'litellm') return (await this.runnerState()).active?.pid ?? null;
    const process = this.record().processes[name];
    return process?.state === 'running' ? (process.pid ?? null) : null;
  }

  /** kill -9. @returns the pid that was killed */
  async kill(name: ProcessName): Promise<number> {
    const pid = await waitUntil(() => this.pidOf(name), { deadlineMs: backMs, what: `a running ${name}` });
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Until another process of that name runs and, where it has a health address, says that it is ready. */
  async waitUntilBack(name: ProcessName, killedPid: number): Promise<number> {
    return waitUntil(
      async () => {
        const pid = await this.pidOf(name);
        return pid !== null && pid !== killedPid && (await this.isReady(name)) ? pid : null;
      },
      { deadlineMs: name === 'litellm' ? 180_000 : backMs, what: `${name} to be back` },
    );
  }

  async waitUntilReady(name: ProcessName): Promise<void> {
    await waitUntil(() => this.isReady(name), { deadlineMs: 180_000, what: `${name} to be ready` });
  }

  async isReady(name: ProcessName): Promise<boolean> {
    const address = await this.readinessAddress(name);
    if (address === null) return true;
    // The runner wants its token here too; the others do not look at it.
    const headers = { authorization: `Bearer ${this.facts.internal_token}` };
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  }

  /** With the supervisor halted nothing is restarted: what is killed stays down until `work` is over. */
  async withoutRestarts<Result>(work: () => Promise<Result>): Promise<Result> {
    const { supervisor } = this.record();
    process.kill(supervisor.pid, 'SIGSTOP');
    try {
      return await work();
    } finally {
      process.kill(supervisor.pid, 'SIGCONT');
    }
  }

  private async readinessAddress(name: ProcessName): Promise<string | null> {
    switch (name) {
      case 'edge':
        return `${this.facts.edge_url}/health/readiness`;
      case 'api':
        return `${this.facts.api_url}/health/readiness`;
      case 'worker':
        return `${this.facts.worker_url}/health/readiness`;
      case 'runner':
        return `${this.facts.runner_url}/health/readiness`;
      case 'litellm': {
        const { active } = await this.runnerState();
        if (!active) throw new Error('no LiteLLM is active');
        return `${active.base_url}/health/liveliness`;
      }
      default:
        return null;
    }
  }
}
