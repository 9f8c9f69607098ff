import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  edgeMain,
  EdgeProcess,
  isRunning,
  isServing,
  type WorkerView,
} from '../../../test/support/edge-process';
import { waitUntil } from '../../../test/support/wait-until';

// Six processes on a machine that may be busy.
jest.setTimeout(180_000);

/** What the load came to; it repeats nothing, so that each failure shows. */
interface Tally {
  plain: number;
  streamed: number;
  /** Connections that the clients opened. */
  connections: number;
  failures: string[];
}

interface Answer {
  status: number;
  text: string;
}

function chat(edge: EdgeProcess, agent: Agent, stream: boolean, tally: Tally): Promise<Answer> {
  const body = JSON.stringify({ model: 'demo', stream, messages: [{ role: 'user', content: 'hello' }] });
  const headers = {
    authorization: `Bearer ${edge.key}`,
    'content-type': 'application/json',
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${edge.url}/v1/chat/completions`, { method: 'POST', headers, agent });
    request.on('error', reject);
    request.on('socket', () => {
      if (!request.reusedSocket) tally.connections += 1;
    });
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });
}

/** One client on one keep-alive connection, which asks again as soon as it has its answer. */
async function runClient(
  edge: EdgeProcess,
  stream: boolean,
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver()) {
    try {
      const { status, text } = await chat(edge, agent, stream, tally);
      const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.includes('"choices"');
      if (status !== 200 || !isWhole) tally.failures.push(`${status} ${text.slice(-200)}`);
      else tally[stream ? 'streamed' : 'plain'] += 1;
    } catch (error) {
      tally.failures.push(String(error));
    }
  }
  agent.destroy();
}

describe('a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-restart-'));
  const main = join(folder, 'main.cjs');
  const goodCode = `require(${JSON.stringify(edgeMain)});\n`;
  let edge: EdgeProcess;
  beforeAll(async () => {
    writeFileSync(main, goodCode);
    edge = await EdgeProcess.start({}, main);
  });
  afterAll(async () => {
    await edge.close();
    rmSync(folder, { recursive: true });
  });

  const pids = async (): Promise<number[]> => (await edge.workers()).map(({ pid }) => pid);
  const untilReplaced = (old: readonly number[]): Promise<WorkerView[]> =>
    edge.untilWorkers(
      (workers) => workers.length === 2 && workers.every((one) => isServing(one) && !old.includes(one.pid)),
      'new workers only',
    );

  it('fails no request of clients that never pause', async () => {
    edge.litellm.behaviour = { kind: 'slow', everyMs: 5 };
    const tally: Tally = { plain: 0, streamed: 0, connections: 0, failures: [] };
    let isOver = false;
    const clients = Array.from({ length: 12 }, (_, index) =>
      runClient(edge, index % 2 === 0, tally, () => isOver),
    );
    try {
      await waitUntil(() => tally.plain > 50 && tally.streamed > 20, {
        deadlineMs: 30_000,
        what: 'the load',
      });
      for (let round = 0; round < 2; round += 1) {
        const old = await pids();
        edge.child.kill('SIGHUP');
        await untilReplaced(old);
        expect(old.filter(isRunning)).toEqual([]);
      }
    } finally {
      isOver = true;
      await Promise.all(clients);
    }
    expect(tally.failures).toEqual([]);
    // Each of the 12 connections was carried over to a new worker, twice.
    expect(tally.connections).toBeGreaterThanOrEqual(36);
    edge.litellm.behaviour = null;
  });

  it('lets a stream that is longer than it end in its old worker', async () => {
    const old = await pids();
    edge.litellm.behaviour = { kind: 'slow', everyMs: 250 };
    const stream = await edge.chat(true);
    edge.child.kill('SIGHUP');
    await edge.untilWorkers((workers) => workers.some(({ state }) => state === 'draining'), 'a drain');
    expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/);
    await untilReplaced(old);
    edge.litellm.behaviour = null;
  });

  it('is given up when the new code does not start, and the old goes on', async () => {
    const old = await pids();
    writeFileSync(main, 'throw new Error("broken code");\n');
    edge.child.kill('SIGHUP');
    await waitUntil(() => edge.output.includes('the restart was given up'), {
      deadlineMs: 40_000,
      what: 'the restart to be given up',
    });
    expect(await pids()).toEqual(old);
    expect((await edge.chat()).status).toBe(200);

    writeFileSync(main, goodCode);
    edge.child.kill('SIGHUP');
    await untilReplaced(old);
  });

  it('is made also while LiteLLM is away: the new workers are no worse', async () => {
    edge.runner.activate(null);
    const old = await pids();
    await edge.untilWorkers(
      (workers) => workers.every(({ readiness }) => readiness !== 'ready'),
      'LiteLLM gone',
    );
    edge.child.kill('SIGHUP');
    await edge.untilWorkers(
      (workers) =>
        workers.length === 2 && workers.every(({ pid, state }) => state === 'serving' && !old.includes(pid)),
      'new workers',
    );
    edge.runner.activate(edge.litellm);
    await edge.untilWorkers((workers) => workers.every(isServing), 'LiteLLM back');
  });
});
