import { randomBytes } from 'node:crypto';
import { createLogger, type LogFields, ManualClock } from '@signalbox/common';
import { breakerRules, type FailureReason } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { waitUntil } from '../../../../test/support/wait-until';
import { noMetrics } from '../metrics/edge-metrics';
import { connectRedis } from '../server/redis-connections';
import { BreakerBoard } from './breaker-board';
import type { AttemptResult } from './breakers';
import { SharedBreakers } from './shared-breakers';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const name = 'litellm/dep_1/cred_1';
const good: AttemptResult = { failure: null, retryAfterMs: null };
const bad = (failure: FailureReason, retryAfterMs: number | null = null): AttemptResult => ({
  failure,
  retryAfterMs,
});

interface TestEdge {
  breakers: SharedBreakers;
  changes: string[];
  logs: LogFields[];
  proxy: TcpProxy;
  clock: ManualClock;
  /** Lets time pass as the timer would see it. */
  pass(ms: number): void;
  close(): Promise<void>;
}

let redis: Redis;
let prefix: string;
let edges: TestEdge[];

beforeEach(() => {
  redis = new Redis(redisUrl);
  prefix = `test-${randomBytes(6).toString('hex')}`;
  edges = [];
});
afterEach(async () => {
  await Promise.all(edges.map((edge) => edge.close()));
  await redis.del(`${prefix}:breakers`, `${prefix}:breakers:probe:${name}`);
  redis.disconnect();
});

async function startEdge(options: { namesLimit?: number; startMs?: number } = {}): Promise<TestEdge> {
  const proxy = await TcpProxy.start(redisUrl);
  const logs: LogFields[] = [];
  const logger = createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields));
  const connections = connectRedis(proxy.url, logger);
  const clock = new ManualClock(options.startMs);
  const edgeId = `edge-${edges.length}`;
  const board = new BreakerBoard({ ...connections, prefix, edgeId, clock, logger });
  const changes: string[] = [];
  const metrics = {
    ...noMetrics,
    breakerChanged: (_name: string, state: string) => void changes.push(state),
  };
  const { namesLimit } = options;
  const dependencies = { board, clock, random: () => 0, metrics, logger, ...(namesLimit && { namesLimit }) };
  const breakers = new SharedBreakers(dependencies);
  const before = await subscribers();
  breakers.start();
  const edge: TestEdge = {
    breakers,
    changes,
    logs,
    proxy,
    clock,
    pass(ms) {
      clock.advanceMs(ms);
      breakers.tick();
    },
    async close() {
      breakers.close();
      connections.commands.disconnect();
      connections.subscriber.disconnect();
      await proxy.close();
    },
  };
  edges.push(edge);
  await waitUntil(async () => (await subscribers()) > before, {
    deadlineMs: 5_000,
    what: 'the subscription',
  });
  return edge;
}

async function subscribers(): Promise<number> {
  const [, count] = (await redis.pubsub('NUMSUB', `${prefix}:breakers:changes`)) as [string, number];
  return count;
}

function isOpen({ breakers }: TestEdge): boolean {
  return breakers.verdict(name) === 'open';
}

function becomes(edge: TestEdge, verdict: 'closed' | 'open' | 'probe'): Promise<unknown> {
  const pollEveryMs = 2;
  return waitUntil(() => edge.breakers.verdict(name) === verdict, {
    deadlineMs: 3_000,
    pollEveryMs,
    what: `the verdict ${verdict}`,
  });
}

describe('one edge', () => {
  it('lets everything through that nobody complained about', async () => {
    const { breakers } = await startEdge();
    expect([breakers.verdict('new'), breakers.retryAfterMs('new')]).toEqual(['closed', null]);
    breakers.note('new', good);
    expect(breakers.verdict('new')).toBe('closed');
  });

  it('opens in the very moment, says for how long, and tells metrics and log', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('rate_limited', 7_000));
    expect([edge.breakers.verdict(name), edge.breakers.retryAfterMs(name)]).toEqual(['open', 7_000]);
    expect(edge.changes).toEqual(['open']);
    expect(edge.logs).toContainEqual(
      expect.objectContaining({
        message: 'breaker opened',
        breaker: name,
        cause: 'rate_limited',
        for_ms: 7_000,
      }),
    );
  });

  it('has the lease ready when the time is over, gives one probe, and closes with it', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('rate_limited', 7_000));
    expect(isOpen(edge)).toBe(true);
    edge.pass(7_000);
    await becomes(edge, 'probe');
    expect(isOpen(edge)).toBe(true);
    edge.breakers.note(name, good);
    expect(edge.breakers.verdict(name)).toBe('closed');
    expect(edge.changes).toEqual(['open', 'half_open', 'closed']);
    await waitUntil(async () => (await redis.hlen(`${prefix}:breakers`)) === 0, {
      deadlineMs: 2_000,
      what: 'the hash to be empty',
    });
  });

  it('opens again, for longer, after a bad probe', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('credential_refused'));
    edge.pass(30_000);
    await becomes(edge, 'probe');
    edge.breakers.note(name, bad('credential_refused'));
    expect(edge.breakers.retryAfterMs(name)).toBe(60_000);
  });

  it('gives the next call the probe when the first was abandoned, and when it was never heard of again', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('rate_limited', 1_000));
    edge.pass(1_000);
    await becomes(edge, 'probe');
    edge.breakers.note(name, 'abandoned');
    expect(edge.breakers.verdict(name)).toBe('probe');
    edge.pass(breakerRules.probeLeaseMs - 1);
    expect(isOpen(edge)).toBe(true);
    await redis.del(`${prefix}:breakers:probe:${name}`);
    edge.pass(1);
    await becomes(edge, 'probe');
  });

  it('does not remember more names than it may, and forgets open ones last', async () => {
    const edge = await startEdge({ namesLimit: 10 });
    edge.breakers.note(name, bad('rate_limited', 60_000));
    for (let index = 0; index < 1_000; index += 1) edge.breakers.note(`other ${index}`, good);
    expect(isOpen(edge)).toBe(true);
    for (let index = 0; index < 1_000; index += 1)
      edge.breakers.note(`open ${index}`, bad('rate_limited', 60_000));
    expect(edge.breakers.verdict(name)).toBe('closed');
    const open = Array.from({ length: 1_000 }, (_, index) => edge.breakers.verdict(`open ${index}`));
    expect(open.filter((verdict) => verdict === 'open')).toHaveLength(10);
    expect(edge.breakers.openCount()).toBe(10);
    // Those that made room are not shown as open for ever.
    expect(edge.changes.filter((state) => state === 'closed')).toHaveLength(991);
  });

  it('forgets what nobody has called for a quarter of an hour', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('rate_limited', 60_000));
    edge.pass(60_000);
    expect([edge.changes, edge.breakers.openCount()]).toEqual([['open'], 0]);
    edge.pass(900_000);
    expect(edge.changes).toEqual(['open', 'closed']);
    expect(edge.breakers.verdict(name)).toBe('closed');
  });

  it('is not held open by a clock that was set back', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('rate_limited', 60_000));
    edge.pass(-3_600_000);
    await becomes(edge, 'probe');
  });
});

describe('two edges', () => {
  it('share what one has seen: open, and closed again', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    one.breakers.note(name, bad('payment_required'));
    await becomes(two, 'open');
    expect(two.breakers.retryAfterMs(name)).toBe(30_000);
    one.pass(30_000);
    await becomes(one, 'probe');
    one.breakers.note(name, good);
    await becomes(two, 'closed');
    expect(two.changes).toEqual(['open', 'closed']);
  });

  it('probe one at a time', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    one.breakers.note(name, bad('rate_limited', 5_000));
    await becomes(two, 'open');
    isOpen(one);
    one.pass(5_000);
    two.pass(5_000);
    const probing = (): TestEdge[] => edges.filter(({ breakers }) => breakers.verdict(name) === 'probe');
    const [first = one] = await waitUntil(() => (probing().length > 0 ? edges : null), {
      deadlineMs: 2_000,
      what: 'a probe',
    }).then(() => edges.filter(({ changes }) => changes.includes('half_open')));
    const other = first === one ? two : one;
    for (let asked = 0; asked < 20; asked += 1) {
      other.pass(250);
      expect(await verdictAfterRedis(other)).toBe('open');
    }
    first.breakers.note(name, bad('rate_limited', 60_000));
    await waitUntil(() => (other.breakers.retryAfterMs(name) ?? 0) > 30_000, {
      deadlineMs: 2_000,
      what: 'the longer time',
    });
  });

  it('a third that starts later, or was away, reads what is open', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    two.proxy.sever();
    one.breakers.note(name, bad('payment_required'));
    await shared();
    const three = await startEdge();
    await becomes(three, 'open');
    expect(two.breakers.verdict(name)).toBe('closed');
    two.proxy.restore();
    await becomes(two, 'open');
  });

  it('tell after a reconnect what they opened meanwhile', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    one.proxy.sever();
    one.breakers.note(name, bad('payment_required'));
    expect(isOpen(one)).toBe(true);
    one.proxy.restore();
    await becomes(two, 'open');
  });

  it('an old message does not undo a newer change', async () => {
    const edge = await startEdge();
    edge.breakers.note(name, bad('payment_required'));
    const told = { name, edge: 'another', state: 'closed', at_ms: edge.clock.nowMs() - 1 };
    const seen = { ...told, name: 'seen', state: 'open', until_ms: edge.clock.nowMs() + 5_000 };
    await redis.publish(`${prefix}:breakers:changes`, JSON.stringify(told));
    await redis.publish(`${prefix}:breakers:changes`, JSON.stringify(seen));
    await waitUntil(() => edge.breakers.verdict('seen') === 'open', {
      deadlineMs: 2_000,
      what: 'the second',
    });
    expect(isOpen(edge)).toBe(true);
  });

  it('rubbish and old fields in Redis harm nobody, and are swept', async () => {
    const old = { name, edge: 'dead', state: 'open', at_ms: 1, until_ms: Number.MAX_SAFE_INTEGER };
    await redis.hset(`${prefix}:breakers`, { rubbish: 'not json', empty: '{}', [name]: JSON.stringify(old) });
    const edge = await startEdge();
    await waitUntil(async () => (await redis.hlen(`${prefix}:breakers`)) === 0, {
      deadlineMs: 2_000,
      what: 'the sweep',
    });
    await redis.publish(`${prefix}:breakers:changes`, '{"name":');
    edge.breakers.note(name, bad('payment_required'));
    await shared();
    expect(await redis.pttl(`${prefix}:breakers`)).toBeGreaterThan(3_500_000);
  });
});

describe('without Redis', () => {
  it.each(['sever', 'freeze'] as const)('each edge decides for itself, probes too (%s)', async (how) => {
    const [one, two] = [await startEdge(), await startEdge()];
    for (const edge of edges) edge.proxy[how]();
    for (const { breakers } of edges) breakers.note(name, bad('rate_limited', 2_000));
    for (const edge of edges) edge.pass(2_000);
    await Promise.all([becomes(one, 'probe'), becomes(two, 'probe')]);
    one.breakers.note(name, good);
    expect([one.breakers.verdict(name), two.breakers.verdict(name)]).toEqual(['closed', 'open']);
  });
});

/** Until the breaker stands in Redis. */
async function shared(): Promise<void> {
  await waitUntil(async () => (await redis.hexists(`${prefix}:breakers`, name)) === 1, {
    deadlineMs: 2_000,
    what: 'the breaker to be told',
  });
}

/** Whether a lease was asked for is seen only once Redis has answered. */
async function verdictAfterRedis(edge: TestEdge): Promise<string> {
  const verdict = edge.breakers.verdict(name);
  await redis.ping();
  await redis.ping();
  return verdict;
}
