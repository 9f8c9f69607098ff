import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { distributionOf, type Row } from '../support/e2e/figures';
import { signingKeys } from '../support/edge-app';
import { EdgeProcess } from '../support/edge-process';
import { useStack } from '../support/use-stack';
import type { LitellmProcessStart } from '../stand-ins/litellm.process';
import { waitUntil } from '../support/wait-until';
import type { Attack, AttackResult } from './abuse-attacks.process';
import { reportProof } from './proof-report';

const rounds = 2;
const slowSockets = 1_000;
const largeBodies = 200;
const randomKeys = 10_000;
const bombCount = 1_200;
const path = '/v1/chat/completions';
const hooks = join(__dirname, '..', '..', 'scripts', 'testing');
const execArgv = ['-r', join(hooks, 'typescript-hook.cjs')];
/** What both workers together may hold more of after the second round than after the first, all garbage collected. */
const growthLimitMb = 40;
/** Of both workers together: for each the bodies that it may hold, in three forms, and what it needs without any. */
const peakLimitMb = 2 * (3 * 160 + 250);

jest.setTimeout(600_000);

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024);
}

function linesOf(log: string, message: string): string[] {
  return log.split('\n').filter((line) => line.includes(`"message":"${message}"`));
}

/** @returns what the process says, which then ends */
async function attackFrom(attack: Attack): Promise<AttackResult> {
  const child = fork(join(__dirname, 'abuse-attacks.process.ts'), { execArgv });
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

/** In a process of its own: in this one it would be as slow as all that is measured beside it. */
async function startLitellm(): Promise<{ baseUrl: string; child: ChildProcess }> {
  const file = join(__dirname, '..', 'stand-ins', 'litellm.process.ts');
  const child = fork(file, { execArgv, serialization: 'advanced' });
  child.send({ keys: signingKeys } satisfies LitellmProcessStart);
  const [baseUrl] = (await once(child, 'message')) as [string];
  return { baseUrl, child };
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
  let litellm: ChildProcess;
  let honest: HonestClients;
  let pids: number[];
  let peakMb = 0;
  let watchMemory: NodeJS.Timeout;
  const rows: Row[] = [];
  const memoryMb: number[] = [];

  beforeAll(async () => {
    // The edge that is abused is one of its own; of the stack it uses the Redis only.
    process.env['TEST_REDIS_URL'] ??= useStack().facts.redis_url;
    edge = await EdgeProcess.start({
      NODE_OPTIONS: `-r ${join(hooks, 'collect-garbage-hook.cjs')}`,
    });
    const { baseUrl, child } = await startLitellm();
    litellm = child;
    edge.runner.activate({ baseUrl }, 'green');
    await edge.runner.acknowledgement();
    pids = (await edge.workers()).map(({ pid }) => pid);
    watchMemory = setInterval(() => (peakMb = Math.max(peakMb, memoryNow())), 100);
    honest = new HonestClients(edge);
    await waitUntil(() => honest.latenciesMs.length > 100, { deadlineMs: 20_000, what: 'honest answers' });
    memoryMb.push(await heldMb());
  });
  afterAll(async () => {
    clearInterval(watchMemory);
    litellm.kill();
    await edge.close();
    reportProof('abuse of port 4000, with honest clients beside it', rows, 'failover');
  });

  function memoryNow(): number {
    return pids.reduce((sum, pid) => sum + residentMb(pid), 0);
  }

  /** Without what nobody holds any more. */
  async function heldMb(): Promise<number> {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    await delay(3_000);
    return memoryNow();
  }

  const attack = (kind: Attack['kind'], count: number): Promise<AttackResult> =>
    attackFrom({ kind, count, url: edge.url, key: edge.key });

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))(
    'round %d: 1,000 slow sockets, 200 bodies of 10 MB, 10,000 random keys, bombs and smuggling',
    async (round) => {
      peakMb = 0;
      await attack('slow_sockets', slowSockets);
      const large = await attack('large_bodies', largeBodies);
      expect(large).toEqual({ 200: largeBodies, busy: large['busy'], cut: large['cut'] });
      const guessed = await attack('random_keys', randomKeys);
      expect(Object.keys(guessed).sort()).toEqual(['401', '429']);
      // Two workers, each with its own count.
      expect(guessed['401']).toBeLessThan(500);
      const bombed = await attack('bombs', bombCount);
      expect(Object.keys(bombed).filter((status) => !['400', '431', 'reset'].includes(status))).toEqual([]);
      const peakOfRoundMb = peakMb;
      memoryMb.push(await heldMb());
      rows.push({
        what: `round ${round}`,
        large_answered: large['200'] ?? 0,
        large_told_to_wait: large['busy'] ?? 0,
        large_cut: large['cut'] ?? 0,
        guesses_401: guessed['401'] ?? 0,
        guesses_429: guessed['429'] ?? 0,
        peak_mb: peakOfRoundMb,
        held_mb: memoryMb.at(-1) ?? 0,
      });
      expect(peakOfRoundMb).toBeLessThan(peakLimitMb);
    },
  );

  it('crashed nothing, kept its memory, and harmed no honest client', async () => {
    await honest.stop();
    const figures = distributionOf(honest.latenciesMs);
    rows.push({ what: 'honest clients', failed: honest.problems.length, ...figures });
    rows.push({ what: 'memory before', held_mb: memoryMb[0] ?? 0 });
    expect((await edge.workers()).map(({ pid }) => pid)).toEqual(pids);
    expect(honest.problems).toEqual([]);
    expect(linesOf(edge.output, 'LiteLLM is down')).toEqual([]);
    const [, afterFirst = 0] = memoryMb;
    expect((memoryMb.at(-1) ?? 0) - afterFirst).toBeLessThan(growthLimitMb);
  });
});
