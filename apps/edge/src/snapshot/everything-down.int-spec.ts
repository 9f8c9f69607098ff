import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUsageEvent, usageStreamKey } from '@signalbox/gateway';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;
let stateDir: string;

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'signalbox-state-'));
  app = await openEdgeApp({ config: { stateDir, stateKeys: [{ kid: 'k', key: Buffer.alloc(32, 1) }] } });
});
afterEach(async () => {
  await app.projection.redis.del(usageStreamKey(app.projection.prefix));
  await app.close();
  rmSync(stateDir, { recursive: true, force: true });
});

interface Answer {
  status: number;
  requestId: string;
}

async function ask(key: TestKey, url: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.value}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.arrayBuffer();
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? '' };
}

/** `count` requests, at most 20 at a time. */
async function askMany(key: TestKey, url: string, count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      answers.push(await ask(key, url));
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return answers;
}

async function requestIdsInStream(): Promise<string[]> {
  const { redis, prefix } = app.projection;
  const entries = await redis.xrange(usageStreamKey(prefix), '-', '+');
  return entries.map(([, fields]) => {
    const parsed = parseUsageEvent(fields[1]);
    return 'event' in parsed ? parsed.event.request_id : parsed.problem;
  });
}

it('everything but LiteLLM is down and the edge is restarted: no request fails, and every event arrives', async () => {
  const key = await app.createKey();
  const answers = await askMany(key, app.url, 100);
  await waitUntil(async () => new Set(await requestIdsInStream()).size === 100, {
    deadlineMs: 5_000,
    what: '100 events',
  });
  app.redisProxy.sever();
  await app.runner.close();
  answers.push(...(await askMany(key, app.url, 200)));
  await app.edge.close();
  const second = await app.startSecondEdge();
  answers.push(...(await askMany(key, second.url, 200)));
  await second.edge.close();
  const third = await app.startSecondEdge();
  answers.push(...(await askMany(key, third.url, 100)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const last = app.logs.find(({ request_id }) => request_id === answers.at(-1)?.requestId);
  expect(last?.['cut_off_seconds']).toEqual(expect.any(Number));
  expect(new Set(await requestIdsInStream()).size).toBe(100);

  app.redisProxy.restore();
  const asked = answers.map(({ requestId }) => requestId).sort();
  // A batch whose acknowledgement is lost comes again; the worker books it once.
  const arrived = async (): Promise<string[]> => [...new Set(await requestIdsInStream())].sort();
  await waitUntil(async () => (await arrived()).length >= asked.length, {
    deadlineMs: 15_000,
    what: 'all events',
  });
  expect(await arrived()).toEqual(asked);
  await waitUntil(async () => (await readdir(join(stateDir, 'usage'))).length === 0, {
    deadlineMs: 5_000,
    what: 'an empty spool',
  });
}, 60_000);

it('a drain in that state ends in time, with everything on disk', async () => {
  const key = await app.createKey();
  await ask(key, app.url);
  app.redisProxy.freeze();
  const { requestId } = await ask(key, app.url);
  const startMs = performance.now();
  await app.edge.close();
  expect(performance.now() - startMs).toBeLessThan(10_000);
  app.redisProxy.sever();
  app.redisProxy.restore();
  await app.startSecondEdge();
  await waitUntil(async () => (await requestIdsInStream()).includes(requestId), {
    deadlineMs: 10_000,
    what: 'the event',
  });
}, 40_000);
