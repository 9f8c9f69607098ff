import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { generateVirtualKeyValue } from '@signalbox/gateway';
import { Agent, fetch } from 'undici';
import { distributionOf, type Row } from '../support/e2e/figures';
import { EdgeProcess } from '../support/edge-process';
import { waitUntil } from '../support/wait-until';
import { reportProof } from './proof-report';

const rounds = 3;
const slowSockets = 1_000;
const slowForMs = 8_000;
const largeBodies = 200;
const largeBytes = 10_000_000;
const randomKeys = 10_000;
const path = '/v1/chat/completions';
/** What a heap may still grow by when it has seen everything once. */
const growthLimitMb = 100;

jest.setTimeout(600_000);

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024);
}

/** Runs so many at a time. */
async function crowd(count: number, atOnce: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
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
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 200 });

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
    agent.destroy();
    reportProof('abuse of port 4000, with honest clients beside it', rows, 'failover');
  });

  function memoryNow(): number {
    return pids.reduce((sum, pid) => sum + residentMb(pid), 0);
  }

  /** By node:http, which sends one buffer two hundred times without a copy of each. */
  function post(key: string, body: string | Buffer): Promise<number> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const request = httpRequest(edge.url + path, { method: 'POST', headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      });
      request.once('error', reject).end(body);
    });
  }

  async function slowLoris(): Promise<void> {
    const port = Number(new URL(edge.url).port);
    const sockets: Socket[] = [];
    for (let index = 0; index < slowSockets; index += 1) {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nx-slow: `),
      );
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    const untilMs = performance.now() + slowForMs;
    while (performance.now() < untilMs) {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
      await delay(500);
    }
    for (const socket of sockets) socket.destroy();
  }

  /** Each is sent again while the gateway is busy, as its Retry-After says. */
  async function largeOnes(): Promise<Map<number, number>> {
    const text = JSON.stringify({
      model: 'demo',
      messages: [{ role: 'user', content: 'x'.repeat(largeBytes) }],
    });
    const body = Buffer.from(text);
    const statuses = new Map<number, number>();
    await crowd(largeBodies, largeBodies, async () => {
      for (let status = 503; status === 503;) {
        // A connection may be ended under a body that is refused.
        status = await post(edge.key, body).catch(() => 503);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 503) await delay(500 + Math.random() * 1_000);
      }
    });
    return statuses;
  }

  async function guesses(): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    await crowd(randomKeys, 100, async (index) => {
      const key = index % 2 === 0 ? generateVirtualKeyValue() : `sk-sb-${'x'.repeat(index % 50)}`;
      const status = await post(key, '{"model":"demo","messages":[]}');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    return statuses;
  }

  async function raw(text: string | Buffer): Promise<string> {
    const socket = connect(Number(new URL(edge.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer.slice(9, 12);
  }

  async function bombs(): Promise<Set<string>> {
    const auth = `authorization: Bearer ${edge.key}\r\n`;
    const start = `POST ${path} HTTP/1.1\r\nhost: x\r\n${auth}`;
    const texts: (string | Buffer)[] = [
      `${start}x: ${'y'.repeat(60_000)}\r\n\r\n`,
      `${start}${Array.from({ length: 1_000 }, (_, n) => `x-${n}: y\r\n`).join('')}\r\n`,
      `${start}content-length: 4\r\ncontent-length: 5\r\n\r\n`,
      `${start}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      Buffer.concat([Buffer.from(`${start}content-length: 4\r\n\r\n{"`), Buffer.from([0xff, 0x22])]),
      '\x16\x03\x01\x02\x00\x01\x00',
    ];
    const statuses = new Set<string>();
    await crowd(1_200, 50, async (index) => {
      statuses.add(await raw(texts[index % texts.length] ?? ''));
    });
    return statuses;
  }

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))(
    'round %d: 1,000 slow sockets, 200 bodies of 10 MB, 10,000 random keys, bombs and smuggling',
    async (round) => {
      peakMb = 0;
      await slowLoris();
      const large = await largeOnes();
      const guessed = await guesses();
      const bombed = await bombs();
      expect([...large.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
      expect(large.get(200)).toBe(largeBodies);
      expect([...guessed.keys()].sort()).toEqual([401, 429]);
      // Two workers, each with its own count.
      expect(guessed.get(401)).toBeLessThan(500);
      expect([...bombed].sort()).toEqual(['400', '431']);
      await delay(3_000);
      memoryMb.push(memoryNow());
      rows.push({
        what: `round ${round}`,
        large_answered: large.get(200) ?? 0,
        large_told_to_wait: large.get(503) ?? 0,
        guesses_401: guessed.get(401) ?? 0,
        guesses_429: guessed.get(429) ?? 0,
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
