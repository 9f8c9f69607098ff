import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeConfig } from '@signalbox/config';
import { defaultRoutingPolicy, generateVirtualKeyValue } from '@signalbox/gateway';
import { type EdgeApp, openEdgeApp, type TestKey, workspace } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';

const [oldKey, newKey] = [
  { kid: 'old', key: Buffer.alloc(32, 1) },
  { kid: 'new', key: Buffer.alloc(32, 2) },
] as const;

let app: EdgeApp;
let stateDir: string;
const projectionFile = (): string => join(stateDir, 'snapshot-projection.json');

async function open(config: Partial<EdgeConfig> = {}): Promise<void> {
  app = await openEdgeApp({ config: { stateDir, stateKeys: [oldKey], ...config } });
}

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'signalbox-state-'));
});
afterEach(async () => {
  await app.close();
  rmSync(stateDir, { recursive: true, force: true });
});

interface Answer {
  status: number;
  code: string | undefined;
}

async function ask({ value }: Pick<TestKey, 'value'>, url: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
    body: '{"model":"demo","input":"x"}',
  });
  const body = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: body.error?.code };
}

async function waitForAnswer(
  key: Pick<TestKey, 'value'>,
  url: string,
  code: string | undefined,
): Promise<void> {
  await waitUntil(async () => (await ask(key, url)).code === code, {
    deadlineMs: 8_000,
    what: `the answer ${code}`,
  });
}

async function readiness(
  url: string,
): Promise<{ status: string; problems: { part: string; problem: string }[] }> {
  return (await fetch(`${url}/health/readiness`)).json() as never;
}

async function waitUntilReady(url: string): Promise<void> {
  await waitUntil(async () => (await readiness(url)).status === 'ready', {
    deadlineMs: 5_000,
    what: 'readiness',
  });
}

/** A key that the edge knows; then the edge ends, Redis goes, and an edge is started in that state. */
async function restartWithoutRedis(
  meanwhile: () => void = () => undefined,
): Promise<{ key: TestKey; url: string }> {
  const key = await app.createKey();
  await waitForAnswer(key, app.url, undefined);
  app.redisProxy.sever();
  await app.edge.close();
  meanwhile();
  const { url } = await app.startSecondEdge();
  return { key, url };
}

function refusals(): string[] {
  return app.logs
    .map(({ message }) => String(message))
    .filter((message) => message.startsWith('the snapshot is not used'));
}

describe('an edge that is started while Redis is away', () => {
  it('serves the keys that it knew from its first request on, and says so', async () => {
    await open();
    const { key, url } = await restartWithoutRedis();
    expect(await ask(key, url)).toEqual({ status: 200, code: undefined });
    expect(await ask({ value: generateVirtualKeyValue() }, url)).toEqual({
      status: 503,
      code: 'policy_unavailable',
    });
    const { status, problems } = await readiness(url);
    expect(status).toBe('degraded');
    expect(problems.map(({ problem }) => problem).join('\n')).toMatch(/snapshot on disk.* \d+ s ago/);
  });

  it('takes what Redis says as soon as it is back', async () => {
    await open();
    const { key, url } = await restartWithoutRedis();
    const late = await app.createKey();
    await app.changeKey(key, { status: 'revoked' });
    app.redisProxy.restore();
    await waitForAnswer(late, url, undefined);
    await waitForAnswer(key, url, 'key_revoked');
    await waitUntilReady(url);
  });

  it('does not let an older Redis bring back a key that it knew as revoked', async () => {
    await open();
    const key = await app.createKey();
    await waitForAnswer(key, app.url, undefined);
    const { prefix, redis } = app.projection;
    const documents = await redis.hgetall(`${prefix}:projection`);
    const meta = await redis.hgetall(`${prefix}:projection:meta`);
    await app.changeKey(key, { status: 'revoked' });
    await waitForAnswer(key, app.url, 'key_revoked');
    app.redisProxy.sever();
    await app.edge.close();
    const { url } = await app.startSecondEdge();
    await redis.hset(`${prefix}:projection`, documents);
    await redis.hset(`${prefix}:projection:meta`, meta);
    app.redisProxy.restore();
    await waitUntil(() => app.logs.some(({ message }) => /Redis is behind/.test(String(message))), {
      deadlineMs: 5_000,
      what: 'the edge to read the older Redis',
    });
    expect(await ask(key, url)).toEqual({ status: 401, code: 'key_revoked' });
  });

  it('knows the last LiteLLM when the runner is away too', async () => {
    await open();
    const key = await app.createKey();
    await waitForAnswer(key, app.url, undefined);
    app.redisProxy.sever();
    await app.edge.close();
    await app.runner.close();
    const { url } = await app.startSecondEdge();
    await waitForAnswer(key, url, undefined);
  });
});

describe('the files', () => {
  it('are for the edge alone and hold no key value', async () => {
    await open();
    const { key } = await restartWithoutRedis();
    const names = readdirSync(stateDir).filter((name) => name.startsWith('snapshot-'));
    expect(names.sort()).toEqual([
      'snapshot-credentials.json',
      'snapshot-projection.json',
      'snapshot-state.json',
    ]);
    for (const name of names) {
      expect(statSync(join(stateDir, name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(stateDir, name), 'utf8')).not.toContain(key.value);
    }
    expect(readFileSync(projectionFile(), 'utf8')).toContain(key.hash);
  });

  it('are written while the edge runs, and only when something changed', async () => {
    await open();
    await waitUntil(() => existsSync(projectionFile()), { deadlineMs: 8_000, what: 'a snapshot' });
    const key = await app.createKey();
    await waitUntil(() => readFileSync(projectionFile(), 'utf8').includes(key.hash), {
      deadlineMs: 12_000,
      what: 'the new key in the snapshot',
    });
    const { ino } = statSync(projectionFile());
    const state = join(stateDir, 'snapshot-state.json');
    const before = statSync(state).ino;
    await waitUntil(() => statSync(state).ino !== before, { deadlineMs: 12_000, what: 'a newer contact' });
    expect(statSync(projectionFile()).ino).toBe(ino);
  }, 40_000);

  it.each<[string, (text: Buffer) => Buffer, RegExp]>([
    [
      'changed',
      (text) => Buffer.from(text.toString().replace('"blocked":false', '"blocked": true')),
      /was changed/,
    ],
    ['cut off', (text) => text.subarray(0, text.length - 10), /cut off/],
    [
      'without their last line',
      (text) => text.subarray(0, text.lastIndexOf(10, text.length - 2) + 1),
      /cut off/,
    ],
    ['empty', () => Buffer.alloc(0), /cut off/],
    [
      'signed with another key of the same name',
      (text) => Buffer.from(text.toString().replace(/[0-9a-f]{64}\n$/, `${'0'.repeat(64)}\n`)),
      /was changed/,
    ],
    [
      'of an unknown key',
      (text) => Buffer.from(text.toString().replace('hmac-sha256 old', 'hmac-sha256 odd')),
      /STATE_KEYS/,
    ],
  ])('are refused when they are %s, and stay where they are', async (_name, change, reason) => {
    await open();
    let changed: Buffer = Buffer.alloc(0);
    const { key, url } = await restartWithoutRedis(() => {
      changed = change(readFileSync(projectionFile()));
      writeFileSync(projectionFile(), changed);
    });
    expect(await ask(key, url)).toEqual({ status: 503, code: 'policy_unavailable' });
    expect((await fetch(`${url}/health/readiness`)).status).toBe(503);
    expect(refusals().join()).toMatch(reason);
    expect(readFileSync(projectionFile()).equals(changed)).toBe(true);
  });

  it('are left to the successor by an edge that is replaced', async () => {
    await open();
    await app.edge.close({ isReplaced: true });
    expect(existsSync(projectionFile())).toBe(false);
    const second = await app.startSecondEdge();
    await waitUntilReady(second.url);
    await second.edge.close();
    expect(existsSync(projectionFile())).toBe(true);
  });

  it('of an older key of the ring are read, and written anew with the first', async () => {
    await open();
    const config = { stateKeys: [newKey, oldKey] };
    await app.edge.close();
    expect(readFileSync(projectionFile(), 'utf8')).toMatch(/hmac-sha256 old [0-9a-f]{64}\n$/);
    const key = await app.createKey();
    const second = await app.startSecondEdge(config);
    await waitForAnswer(key, second.url, undefined);
    await waitUntilReady(second.url);
    await second.edge.close();
    expect(readFileSync(projectionFile(), 'utf8')).toMatch(/hmac-sha256 new [0-9a-f]{64}\n$/);
  });
});

describe('an edge that is cut off', () => {
  it('refuses keys after its bound, also across a restart, and serves them again afterwards', async () => {
    await open({ offlineMs: 3_000 });
    const key = await app.createKey();
    await waitForAnswer(key, app.url, undefined);
    app.redisProxy.sever();
    expect(await ask(key, app.url)).toMatchObject({ status: 200 });
    await waitForAnswer(key, app.url, 'policy_outdated');
    expect((await readiness(app.url)).status).toBe('not_ready');
    await app.edge.close();
    const { url } = await app.startSecondEdge();
    expect(refusals().join()).toMatch(/3 s are allowed/);
    expect(await ask(key, url)).toMatchObject({ status: 503 });
    app.redisProxy.restore();
    await waitForAnswer(key, url, undefined);
  }, 30_000);

  it('takes the bound of the workspace where it has one', async () => {
    await open({ offlineMs: 2_500 });
    const patient = {
      ...workspace,
      id: 'ws_2',
      routing: { ...defaultRoutingPolicy, offline_seconds: 3_600 },
    };
    await app.projection.write('workspace', 'ws_2', patient);
    const [usual, other] = [await app.createKey(), await app.createKey({ workspace_id: 'ws_2' })];
    await waitForAnswer(usual, app.url, undefined);
    await waitForAnswer(other, app.url, undefined);
    app.redisProxy.sever();
    await waitForAnswer(usual, app.url, 'policy_outdated');
    expect(await ask(other, app.url)).toMatchObject({ status: 200 });
    expect((await readiness(app.url)).status).toBe('degraded');
    await app.edge.close();
    const { url } = await app.startSecondEdge();
    expect(await ask(other, url)).toMatchObject({ status: 200 });
    expect(await ask(usual, url)).toEqual({ status: 503, code: 'policy_outdated' });
  }, 30_000);
});
