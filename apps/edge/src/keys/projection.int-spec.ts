import { generateVirtualKeyValue, hashVirtualKeyValue } from '@signalbox/gateway';
import { type EdgeApp, openEdgeApp, type TestKey, workspace } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;

beforeEach(async () => {
  app = await openEdgeApp();
});
afterEach(() => app.close());

interface Answer {
  status: number;
  code: string | undefined;
  retryAfter: string | null;
}

async function ask(key: Pick<TestKey, 'value'>): Promise<Answer> {
  const response = await fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.value}`, 'content-type': 'application/json' },
    body: '{"model":"demo","input":"x"}',
  });
  const body = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: body.error?.code, retryAfter: response.headers.get('retry-after') };
}

/** @returns how long it took, in milliseconds */
async function waitForAnswer(
  key: Pick<TestKey, 'value'>,
  status: number,
  deadlineMs: number,
): Promise<number> {
  const startMs = performance.now();
  await waitUntil(async () => (await ask(key)).status === status, {
    deadlineMs,
    pollEveryMs: 5,
    what: `status ${status}`,
  });
  return performance.now() - startMs;
}

async function readiness(): Promise<string> {
  return (await fetch(`${app.url}/health/readiness`)).text();
}

describe('a key', () => {
  it('answers as soon as it is made, and is refused as soon as it is revoked', async () => {
    const key = await app.createKey();
    expect(await ask(key)).toMatchObject({ status: 200 });
    await app.changeKey(key, { status: 'revoked' });
    await waitForAnswer(key, 401, 1_000);
    expect(await ask(key)).toMatchObject({ status: 401, code: 'key_revoked' });
  });

  it('is refused within a second of its revocation when the message was lost', async () => {
    const key = await app.createKey();
    await waitForAnswer(key, 200, 1_000);
    await app.changeKey(key, { status: 'revoked' }, false);
    expect(await waitForAnswer(key, 401, 1_000)).toBeLessThan(1_000);
  });

  it('is refused within a second when a later message shows the gap', async () => {
    const [key, other] = [await app.createKey(), await app.createKey()];
    await waitForAnswer(key, 200, 1_000);
    await app.changeKey(key, { status: 'blocked' }, false);
    await app.changeKey(other, { models: ['demo'] });
    expect(await waitForAnswer(key, 403, 1_000)).toBeLessThan(1_000);
    expect(await ask(other)).toMatchObject({ status: 200 });
  });

  it('falls with its workspace, and comes back with it', async () => {
    const key = await app.createKey();
    await app.projection.write('workspace', 'ws_1', { ...workspace, blocked: true });
    await waitForAnswer(key, 403, 1_000);
    expect(await ask(key)).toMatchObject({ code: 'workspace_blocked' });
    await app.projection.write('workspace', 'ws_1', workspace);
    await waitForAnswer(key, 200, 1_000);
  });

  it('keeps its newer state when an older message comes late', async () => {
    const key = await app.createKey();
    await app.changeKey(key, { status: 'revoked' });
    await waitForAnswer(key, 401, 1_000);
    const marker = await app.createKey();
    const { prefix, epoch, redis } = app.projection;
    const document = { v: 1, ...key.document, status: 'active' };
    const seq = await redis.hincrby(`${prefix}:projection:meta`, 'seq', 1);
    const message = { epoch, seq, kind: 'key', id: key.hash, document };
    await redis.publish(`${prefix}:projection:changes`, JSON.stringify(message));
    // Messages arrive in order: once this one is in force, the late one has been dealt with.
    await app.changeKey(marker, { status: 'revoked' });
    await waitForAnswer(marker, 401, 1_000);
    expect(await ask(key)).toMatchObject({ status: 401, code: 'key_revoked' });
  });

  it('that was unknown a moment ago is known once it is announced', async () => {
    const value = generateVirtualKeyValue();
    expect(await ask({ value })).toMatchObject({ status: 401, code: 'key_unknown' });
    const { document } = await app.createKey();
    await app.projection.write('key', hashVirtualKeyValue(value), document);
    expect(await waitForAnswer({ value }, 200, 1_000)).toBeLessThan(500);
  });

  it('with an unreadable document is not served from an older one', async () => {
    const key = await app.createKey();
    await waitForAnswer(key, 200, 1_000);
    await app.projection.write('key', key.hash, { ...key.document, status: 'paused' });
    await waitForAnswer(key, 503, 1_000);
    expect(await ask(key)).toMatchObject({ code: 'policy_unavailable' });
  });

  it('looked up by many at once is read once', async () => {
    const { document } = await app.createKey();
    const { prefix, redis } = app.projection;
    const values = [generateVirtualKeyValue(), generateVirtualKeyValue()];
    // Written behind the edge's back, so that it is in Redis only.
    const hashes = values.map(hashVirtualKeyValue);
    await redis.hset(`${prefix}:projection`, `key:${hashes[0]}`, JSON.stringify({ v: 1, ...document }));
    const copy = redis.duplicate();
    const monitor = await copy.monitor();
    const commands: string[][] = [];
    monitor.on('monitor', (_time: string, args: string[]) => commands.push(args));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => ask({ value: values[index % 2]! })),
    );
    monitor.disconnect();
    copy.disconnect();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(15);
    expect(answers.filter(({ code }) => code === 'key_unknown')).toHaveLength(15);
    const reads = commands.filter(
      (args) => args[0]?.toLowerCase() === 'hmget' && args.some((arg) => arg.startsWith('key:')),
    );
    expect(reads).toHaveLength(2);
  });
});

describe('Redis', () => {
  it('flushed: known keys are served, unknown ones get a retryable 503, and a rebuild heals', async () => {
    const [key, revoked] = [await app.createKey(), await app.createKey()];
    await waitForAnswer(key, 200, 1_000);
    await app.projection.flush();
    await waitUntil(async () => (await readiness()).includes('being rebuilt'), {
      deadlineMs: 2_000,
      what: 'the edge to notice',
    });
    expect(await ask(key)).toMatchObject({ status: 200 });
    const unknown = { value: generateVirtualKeyValue() };
    expect(await ask(unknown)).toMatchObject({ status: 503, code: 'policy_unavailable', retryAfter: '2' });
    const { document } = key;
    await app.projection.write(
      'organization',
      'org_1',
      { id: 'org_1', blocked: false, deleted: false },
      false,
    );
    await app.projection.write('workspace', 'ws_1', workspace, false);
    await app.projection.write('key', key.hash, document, false);
    await app.projection.complete('second-epoch');
    await waitForAnswer(unknown, 401, 2_000);
    // A key that the truth no longer has is gone from memory too.
    await waitForAnswer(revoked, 401, 2_000);
    expect(await ask(key)).toMatchObject({ status: 200 });
    expect(await readiness()).toContain('"ready"');
  });

  it('killed: known keys are served, others get a retryable 503; back again, what was missed is read', async () => {
    const [key, other] = [await app.createKey(), await app.createKey()];
    await waitForAnswer(other, 200, 1_000);
    app.redisProxy.sever();
    await waitUntil(async () => (await readiness()).includes('has not answered'), {
      deadlineMs: 3_000,
      what: 'the edge to notice',
    });
    expect(await ask(key)).toMatchObject({ status: 200 });
    const late = await app.createKey();
    expect(await ask(late)).toMatchObject({ status: 503, code: 'policy_unavailable', retryAfter: '2' });
    await app.changeKey(key, { status: 'revoked' });
    app.redisProxy.restore();
    await waitForAnswer(late, 200, 4_000);
    await waitForAnswer(key, 401, 2_000);
    expect(await ask(other)).toMatchObject({ status: 200 });
  });

  it('hanging: nobody waits for it longer than a second', async () => {
    const key = await app.createKey();
    await waitForAnswer(key, 200, 1_000);
    app.redisProxy.freeze();
    expect(await ask(key)).toMatchObject({ status: 200 });
    const startMs = performance.now();
    expect(await ask({ value: generateVirtualKeyValue() })).toMatchObject({
      status: 503,
      code: 'policy_unavailable',
    });
    expect(performance.now() - startMs).toBeLessThan(2_500);
    app.redisProxy.sever();
    app.redisProxy.restore();
    await app.changeKey(key, { status: 'revoked' });
    await waitForAnswer(key, 401, 5_000);
  });

  it('back from an old snapshot does not bring a revoked key back to life', async () => {
    const key = await app.createKey();
    const { prefix, redis } = app.projection;
    const [documents, meta] = [
      await redis.hgetall(`${prefix}:projection`),
      await redis.hgetall(`${prefix}:projection:meta`),
    ];
    await app.changeKey(key, { status: 'revoked' });
    await waitForAnswer(key, 401, 1_000);
    await redis.hset(`${prefix}:projection`, documents);
    await redis.hset(`${prefix}:projection:meta`, meta);
    await waitUntil(() => app.logs.filter(({ reason }) => reason === 'Redis went back in time').length > 0, {
      deadlineMs: 2_000,
      what: 'the edge to notice',
    });
    // A later change in the same, older Redis is in force only after that reading.
    const marker = await app.createKey();
    await app.changeKey(marker, { status: 'blocked' }, false);
    await waitForAnswer(marker, 403, 2_000);
    expect(await ask(key)).toMatchObject({ status: 401, code: 'key_revoked' });
  });

  it('knows that the edge lives', async () => {
    const { prefix, redis } = app.projection;
    const [name] = await waitUntil(
      async () => {
        const names = await redis.keys(`${prefix}:heartbeat:edge:*`);
        return names.length > 0 ? names : null;
      },
      { deadlineMs: 2_000, what: 'a heartbeat' },
    );
    const heartbeat: unknown = JSON.parse((await redis.get(name!)) ?? '{}');
    // As many as there are, and not as were asked for: 0 means one per core.
    expect(heartbeat).toMatchObject({ process: 'edge', pid: process.pid, workers: 1 });
    expect(await redis.ttl(name!)).toBeGreaterThan(5);
  });
});

it('an edge that starts while Redis is away serves once it is back', async () => {
  const key = await app.createKey();
  app.redisProxy.sever();
  const second = await app.startSecondEdge();
  const answer = await fetch(`${second.url}/v1/models`, {
    headers: { authorization: `Bearer ${key.value}` },
  });
  expect(answer.status).toBe(503);
  expect((await fetch(`${second.url}/health/readiness`)).status).toBe(503);
  app.redisProxy.restore();
  await waitUntil(async () => (await fetch(`${second.url}/health/readiness`)).status === 200, {
    deadlineMs: 5_000,
    what: 'the second edge to be ready',
  });
  const good = await fetch(`${second.url}/v1/models`, { headers: { authorization: `Bearer ${key.value}` } });
  expect(good.status).toBe(200);
});
