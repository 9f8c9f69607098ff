import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;

beforeEach(async () => {
  app = await openEdgeApp();
});
afterEach(() => app.close());

interface Receipt {
  v: number;
  at_ms: number;
}

async function receiptsOf(key: TestKey): Promise<Map<string, Receipt>> {
  const { redis, prefix } = app.projection;
  const texts = await redis.hgetall(`${prefix}:acks:${key.hash}`);
  return new Map(Object.entries(texts).map(([edge, text]) => [edge, JSON.parse(text) as Receipt]));
}

async function versionOf(key: TestKey): Promise<number> {
  const { redis, prefix } = app.projection;
  const text = await redis.hget(`${prefix}:projection`, `key:${key.hash}`);
  return (JSON.parse(text ?? '{}') as { v: number }).v;
}

/** @returns the receipts of that many edges for the present version of the key, or of a later one */
async function waitForReceipts(key: TestKey, edges: number): Promise<Map<string, Receipt>> {
  const version = await versionOf(key);
  return waitUntil(
    async () => {
      const receipts = await receiptsOf(key);
      return receipts.size >= edges && [...receipts.values()].every(({ v }) => v >= version) && receipts;
    },
    { deadlineMs: 5_000, pollEveryMs: 2, what: `${edges} receipts of version ${version}` },
  );
}

async function liveEdges(): Promise<string[]> {
  const { redis, prefix } = app.projection;
  const start = `${prefix}:heartbeat:edge:`;
  return (await redis.keys(`${start}*`)).map((name) => name.slice(start.length)).sort();
}

describe('a change of a key', () => {
  it('is acknowledged by each edge under its own id, and refused by each from then on', async () => {
    const others = [await app.startSecondEdge(), await app.startSecondEdge()];
    await waitUntil(async () => (await liveEdges()).length === 3, {
      deadlineMs: 5_000,
      what: 'three heartbeats',
    });
    const delaysMs: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const key = await app.createKey();
      await waitForReceipts(key, 3);
      const revokedAtMs = Date.now();
      await app.changeKey(key, { status: 'revoked' });
      const receipts = await waitForReceipts(key, 3);
      expect([...receipts.keys()].sort()).toEqual(await liveEdges());
      for (const { at_ms } of receipts.values()) delaysMs.push(at_ms - revokedAtMs);
      for (const { url } of [app, ...others]) {
        const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key.value}` } });
        expect(answer.status).toBe(401);
      }
    }
    delaysMs.sort((one, other) => one - other);
    process.stdout.write(
      `revocation to receipt over 3 edges: median ${delaysMs[30]} ms, longest ${delaysMs.at(-1)} ms\n`,
    );
  }, 30_000);

  it('is acknowledged after a re-read when its message was lost', async () => {
    const key = await app.createKey();
    await waitForReceipts(key, 1);
    await app.changeKey(key, { status: 'blocked' }, false);
    const receipts = await waitForReceipts(key, 1);
    expect([...receipts.values()][0]?.v).toBe(await versionOf(key));
  });

  it('is acknowledged later when Redis goes away in that moment', async () => {
    const key = await app.createKey();
    await waitForReceipts(key, 1);
    app.redisProxy.sever();
    await app.changeKey(key, { status: 'revoked' });
    app.redisProxy.restore();
    await waitForReceipts(key, 1);
  });

  it('leaves receipts that go by themselves', async () => {
    const key = await app.createKey();
    await waitForReceipts(key, 1);
    const { redis, prefix } = app.projection;
    const ttlSeconds = await redis.ttl(`${prefix}:acks:${key.hash}`);
    expect(ttlSeconds).toBeGreaterThan(86_000);
    expect(ttlSeconds).toBeLessThanOrEqual(86_400);
  });
});
