import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { distributionOf, type Row } from '../support/e2e/figures';
import { EdgeProcess } from '../support/edge-process';
import { waitUntil } from '../support/wait-until';
import type { Attack, AttackResult } from './abuse-attacks.process';
import { reportProof } from './proof-report';

const rounds = 2;
const slowSockets = 1_000;
const largeBodies = 200;
const randomKeys = 10_000;
const bombCount = 1_200;
const path = '/v1/chat/completions';
const typescriptHook = join(__dirname, '..', '..', 'scripts', 'testing', 'typescript-hook.cjs');
/** What a heap may still grow by when it has seen everything once. */
const growthLimitMb = 100;

jest.setTimeout(600_000);

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024);
}

/** @returns what the process says, which then ends */
async function attackFrom(attack: Attack): Promise<AttackResult> {
  const child = fork(join(__dirname, 'abuse-attacks.process.ts'), { execArgv: ['-r', typescriptHook] });
  try {
    child.send(attack);
    return await new Promise<AttackResult>((resolve, reject) => {
      child.once('message', (result) => resolve(result as AttackResult));
      child.once('exit', (code) => reject(new Error(`the attack ${attack.kind} ended (${code})`)));
    });
  } finally {
    child.kill();
  }
}

/** Somebody who does nothing wrong, all the while. */
class HonestClients {
  readonly latenciesMs: number[] = [];
  readonly problems: string[] = [];
  private isOver = false;
  private readonly dispatcher = new Agent({ connections: 4 });
  private readonly running: Promise<void>[];

  constructor(private readonly edge: EdgeProcess) {
    this.running = Array.from({ length: 4 }, () => this.run());
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
    await this.dispatcher.close();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const startMs = performance.now();
      const problem = await this.call().catch((error: unknown) => String(error));
      if (problem === null) this.latenciesMs.push(performance.now() - startMs);
      else this.problems.push(problem);
      await delay(20);
    }
  }

  private async call(): Promise<string | null> {
    const { url, key } = this.edge;
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hello' }] }),
      dispatcher: this.dispatcher,
    });
    const text = await response.text();
    return response.status === 200 ? null : `${response.status}: ${text.slice(0, 200)}`;
  }
}

describe('abuse of port 4000', () => {
  let edge: EdgeProcess;
  let forgetCalls: NodeJS.Timeout;
  let honest: HonestClients;
  let pids: number[];
  let peakMb = 0;
  let watchMemory: NodeJS.Timeout;
  const rows: Row[] = [];
  const memoryMb: number[] = [];

  beforeAll(async () => {
    edge = await EdgeProcess.start();
    // It remembers what it was sent; that is not the memory that is measured.
    forgetCalls = setInterval(() => (edge.litellm.calls.length = 0), 20);
    pids = (await edge.workers()).map(({ pid }) => pid);
    watchMemory = setInterval(() => (peakMb = Math.max(peakMb, memoryNow())), 100);
    honest = new HonestClients(edge);
    await waitUntil(() => honest.latenciesMs.length > 100, { deadlineMs: 20_000, what: 'honest answers' });
    memoryMb.push(memoryNow());
  });
  afterAll(async () => {
    clearInterval(forgetCalls);
    clearInterval(watchMemory);
    await edge.close();
    reportProof('abuse of port 4000, with honest clients beside it', rows, 'failover');
  });

  function memoryNow(): number {
    return pids.reduce((sum, pid) => sum + residentMb(pid), 0);
  }

  const attack = (kind: Attack['kind'], count: number): Promise<AttackResult> =>
    attackFrom({ kind, count, url: edge.url, key: edge.key });

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))(
    'round %d: 1,000 slow sockets, 200 bodies of 10 MB, 10,000 random keys, bombs and smuggling',
    async (round) => {
      peakMb = 0;
      await attack('slow_sockets', slowSockets);
      const large = await attack('large_bodies', largeBodies);
      expect(large).toEqual({ 200: largeBodies, busy: large['busy'] });
      const guessed = await attack('random_keys', randomKeys);
      expect(Object.keys(guessed).sort()).toEqual(['401', '429']);
      // Two workers, each with its own count.
      expect(guessed['401']).toBeLessThan(500);
      const bombed = await attack('bombs', bombCount);
      expect(Object.keys(bombed).filter((status) => !['400', '431', 'reset'].includes(status))).toEqual([]);
      await delay(3_000);
      memoryMb.push(memoryNow());
      rows.push({
        what: `round ${round}`,
        large_answered: large['200'] ?? 0,
        large_told_to_wait: large['busy'] ?? 0,
        guesses_401: guessed['401'] ?? 0,
        guesses_429: guessed['429'] ?? 0,
        peak_mb: peakMb,
        after_mb: memoryMb.at(-1) ?? 0,
      });
    },
  );

  it('crashed nothing, kept its memory, and harmed no honest client', async () => {
    await honest.stop();
    const figures = distributionOf(honest.latenciesMs);
    rows.push({ what: 'honest clients', failed: honest.problems.length, ...figures });
    rows.push({ what: 'memory before', after_mb: memoryMb[0] ?? 0 });
    expect((await edge.workers()).map(({ pid }) => pid)).toEqual(pids);
    expect(honest.problems).toEqual([]);
    const [, afterFirst = 0] = memoryMb;
    expect((memoryMb.at(-1) ?? 0) - afterFirst).toBeLessThan(growthLimitMb);
  });
});
