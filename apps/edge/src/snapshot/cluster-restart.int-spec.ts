import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUsageEvent, usageStreamKey } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { EdgeProcess } from '../../../../test/support/edge-process';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { waitUntil } from '../../../../test/support/wait-until';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

async function ask(url: string, key: string): Promise<{ status: number; requestId: string }> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"model":"demo","input":"x"}',
  });
  await response.arrayBuffer();
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? '' };
}

it('two workers, killed without a word while Redis is away: the next ones serve the key and deliver every event that was written', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'signalbox-cluster-'));
  const proxy = await TcpProxy.start(redisUrl);
  const redis = new Redis(redisUrl);
  const state = {
    REDIS_URL: proxy.url,
    SIGNALBOX_EDGE_STATE_DIR: stateDir,
    SIGNALBOX_EDGE_STATE_KEYS: `k:${Buffer.alloc(32, 5).toString('base64url')}`,
  };
  const first = await EdgeProcess.start(state);
  const { redisPrefix } = first;
  const second: EdgeProcess[] = [];
  try {
    const known = first.key;
    await waitUntil(async () => (await readdir(stateDir)).includes('snapshot-state.json'), {
      deadlineMs: 15_000,
      what: 'the snapshot',
    });
    proxy.sever();
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(first.url, known)));
    // What was recorded is on disk 20 ms later: until then a kill may take it.
    await waitUntil(() => spooledIds(stateDir).length === answers.length, {
      deadlineMs: 5_000,
      what: 'events on disk',
    });
    process.kill(-first.child.pid!, 'SIGKILL');
    await first.untilExit();
    second.push(
      await EdgeProcess.launch({
        ...state,
        SIGNALBOX_REDIS_PREFIX: redisPrefix,
        SIGNALBOX_RUNNER_URL: first.runner.url,
      }),
    );
    const { url } = second[0]!;
    const next = await waitUntil(() => ask(url, known), { deadlineMs: 20_000, what: 'the port' });
    expect(next.status).toBe(200);
    answers.push(next, ...(await Promise.all(Array.from({ length: 20 }, () => ask(url, known)))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    proxy.restore();
    await waitUntil(
      async () => {
        const entries = await redis.xrange(usageStreamKey(redisPrefix), '-', '+');
        const ids = new Set(entries.map(([, fields]) => eventId(fields[1])));
        return answers.every(({ requestId }) => ids.has(requestId));
      },
      { deadlineMs: 25_000, what: 'every event' },
    );
  } finally {
    await Promise.all([first, ...second].map((edge) => edge.close()));
    await redis.del(usageStreamKey(redisPrefix));
    redis.disconnect();
    await proxy.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}, 90_000);

function spooledIds(stateDir: string): string[] {
  const folder = join(stateDir, 'usage');
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(eventId);
}

function eventId(text: string | undefined): string {
  const parsed = parseUsageEvent(text);
  return 'event' in parsed ? parsed.event.request_id : parsed.problem;
}
