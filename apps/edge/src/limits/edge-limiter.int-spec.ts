import { randomBytes } from 'node:crypto';
import { createLogger, systemClock } from '@signalbox/common';
import { type RateLimits, unlimited } from '@signalbox/gateway';
import { Redis } from 'ioredis';
import { testRedisUrl } from '../../../../test/support/own-redis';
import { TcpProxy } from '../../../../test/support/tcp-proxy';
import { waitUntil } from '../../../../test/support/wait-until';
import type { Caller } from '../keys/key-directory';
import { noMetrics } from '../metrics/edge-metrics';
import { Refusal } from '../request/refusal';
import { EdgeLimiter } from './edge-limiter';
import { type Admission, unlimitedAdmission } from './limiter';
import { type LimitsCall, ScriptRunner } from './limits-call';

/** Counts calls, and can hold answers back. */
class WatchedScript extends ScriptRunner {
  calls = 0;
  private hold: Promise<void> | null = null;
  private letGo: () => void = () => undefined;

  override async run(call: LimitsCall): Promise<number[]> {
    this.calls += 1;
    const answer = await super.run(call);
    await this.hold;
    return answer;
  }

  holdAnswers(): () => void {
    this.hold = new Promise((resolve) => (this.letGo = resolve));
    return () => {
      this.hold = null;
      this.letGo();
    };
  }
}

interface TestEdge {
  limiter: EdgeLimiter;
  script: WatchedScript;
  proxy: TcpProxy;
  localTold: boolean[];
}

let redis: Redis;
let prefix: string;
const closers: (() => Promise<unknown>)[] = [];
const deadline = { deadlineMs: 5_000, pollEveryMs: 5 };

beforeAll(() => {
  redis = new Redis(testRedisUrl());
});
afterAll(() => redis.disconnect());
beforeEach(() => {
  prefix = `limits-${randomBytes(4).toString('hex')}`;
});
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function startEdge(edgeId = 'edge-a', { leastEdges = 1, isReachable = true } = {}): Promise<TestEdge> {
  const proxy = await TcpProxy.start(testRedisUrl());
  if (!isReachable) proxy.sever();
  const redis = new Redis(proxy.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    commandTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
  });
  redis.on('error', () => undefined);
  const script = new WatchedScript(redis);
  const localTold: boolean[] = [];
  const metrics = { ...noMetrics, limitsAreLocal: (isLocal: boolean) => void localTold.push(isLocal) };
  const logger = createLogger('error', {}, () => undefined);
  const clock = systemClock;
  const limiter = new EdgeLimiter({ redis, prefix, edgeId, leastEdges, metrics, clock, logger, script });
  limiter.start();
  await redis.connect().catch(() => undefined);
  if (isReachable) await waitUntil(() => !limiter.isLocal, { ...deadline, what: 'limits in Redis' });
  closers.push(async () => {
    await limiter.close();
    redis.disconnect();
    await proxy.close();
  });
  return { limiter, script, proxy, localTold };
}

async function loseRedis({ proxy, limiter }: TestEdge): Promise<void> {
  proxy.sever();
  await waitUntil(() => limiter.isLocal, { ...deadline, what: 'the loss of Redis to be noticed' });
}

async function findRedis({ proxy, limiter }: TestEdge): Promise<void> {
  proxy.restore();
  await waitUntil(() => !limiter.isLocal, { ...deadline, what: 'Redis to be found again' });
}

interface Who {
  key?: Partial<RateLimits>;
  service?: Partial<RateLimits>;
  workspace?: Partial<RateLimits>;
  organization?: Partial<RateLimits>;
}

interface TestCaller {
  caller: Caller;
  service: { v: number; id: string; organization_id: string; name: string; deleted: boolean } & RateLimits;
}

function callerWith({ key, service, workspace, organization }: Who): TestCaller {
  const common = { v: 1, organization_id: 'org_1', deleted: false, blocked: false };
  const caller = {
    keyHash: 'hash',
    key: { ...common, ...unlimited, key_id: 'key_1', ...key },
    workspace: { ...common, ...unlimited, id: 'ws_1', ...workspace },
    organization: { ...common, ...unlimited, id: 'org_1', ...organization },
  } as unknown as Caller;
  return { caller, service: { ...common, ...unlimited, id: 'srv_1', name: 'shop', ...service } };
}

let lastId = 0;
function admit(edge: TestEdge, who: TestCaller, estimatedTokens = 10): Admission | Promise<Admission> {
  lastId += 1;
  return edge.limiter.admit({ requestId: `req_${lastId}`, ...who, estimatedTokens });
}

/** @returns the admission, or the refusal */
async function tryToAdmit(edge: TestEdge, who: TestCaller, tokens?: number): Promise<Admission | Refusal> {
  try {
    return await admit(edge, who, tokens);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function admitted(
  edge: TestEdge,
  who: TestCaller,
  count: number,
  tokens?: number,
): Promise<Admission[]> {
  const all = await Promise.all(Array.from({ length: count }, () => tryToAdmit(edge, who, tokens)));
  return all.filter((one): one is Admission => !(one instanceof Refusal));
}

const remaining = (one: Admission | Refusal, kind: string): unknown =>
  (one instanceof Refusal ? one.details.headers : one.headers)?.[`x-ratelimit-remaining-${kind}`];

describe('with Redis', () => {
  it('three edges with 200 clients let exactly the limit through', async () => {
    const edges = [await startEdge('edge-a'), await startEdge('edge-b'), await startEdge('edge-c')];
    const who = callerWith({
      key: { rpm_limit: 1_000 },
      organization: { rpm_limit: 700, tpm_limit: 1_000_000 },
    });
    let count = 0;
    await Promise.all(
      Array.from({ length: 200 }, async (_, client) => {
        for (let tries = 0; tries < 30; tries += 1) {
          const one = await tryToAdmit(edges[client % 3] ?? edges[0]!, who);
          if (!(one instanceof Refusal)) count += 1;
        }
      }),
    );
    expect(count).toBe(700);
  });

  describe('of busy callers Redis counts some ahead', () => {
    /** As requests come: three at a time, every two milliseconds, at each edge. @returns how many were admitted */
    async function press(edges: readonly TestEdge[], who: TestCaller, forMs: number): Promise<number[]> {
      const untilMs = performance.now() + forMs;
      const each = edges.map(async (edge) => {
        let [asked, count] = [0, 0];
        while (performance.now() < untilMs) {
          const all = await Promise.all(Array.from({ length: 3 }, () => tryToAdmit(edge, who)));
          asked += all.length;
          count += all.filter((one) => !(one instanceof Refusal)).length;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        return [asked, count] as const;
      });
      const sums = await Promise.all(each);
      return [0, 1].map((index) => sums.reduce((sum, one) => sum + one[index]!, 0));
    }

    it('so few calls are made, and what is over goes back', async () => {
      const edges = [await startEdge('edge-a'), await startEdge('edge-b'), await startEdge('edge-c')];
      const limit = 1_000_000;
      const who = callerWith({ key: { rpm_limit: limit }, organization: { tpm_limit: 100_000_000 } });
      const [asked = 0, count = 0] = await press(edges, who, 2_000);
      expect(count).toBe(asked);
      expect(edges.reduce((sum, { script }) => sum + script.calls, 0)).toBeLessThan(asked / 3);
      let more = 0;
      await waitUntil(
        async () => {
          const left = Number(remaining(await tryToAdmit(edges[0]!, who), 'requests'));
          more += 1;
          return left === limit - count - more;
        },
        { ...deadline, pollEveryMs: 100, what: 'all that was over to be back' },
      );
    });

    it('never more than the limit, and in the end all of it', async () => {
      const edges = [await startEdge('edge-a'), await startEdge('edge-b'), await startEdge('edge-c')];
      const limit = 1_500;
      const who = callerWith({ key: { rpm_limit: limit } });
      let [, count = 0] = await press(edges, who, 2_000);
      expect(count).toBeLessThanOrEqual(limit);
      await waitUntil(
        async () => {
          if (!((await tryToAdmit(edges[1]!, who)) instanceof Refusal)) count += 1;
          return count === limit;
        },
        { ...deadline, what: 'the whole limit to be used' },
      );
      await new Promise((resolve) => setImmediate(resolve));
      expect(await tryToAdmit(edges[2]!, who)).toBeInstanceOf(Refusal);
    });
  });

  it('what arrives in one turn goes in one call, and who has no limits needs none', async () => {
    const edge = await startEdge();
    const before = edge.script.calls;
    expect(admit(edge, callerWith({}))).toBe(unlimitedAdmission);
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 30 } }), 100)).toHaveLength(30);
    expect(edge.script.calls).toBe(before + 1);
  });

  it('who asks on and on after a refusal costs Redis nothing, and a raised limit holds at once', async () => {
    const edge = await startEdge();
    const who = callerWith({ key: { rpm_limit: 1 } });
    await admitted(edge, who, 2);
    const before = edge.script.calls;
    expect(await admitted(edge, who, 500)).toHaveLength(0);
    expect(edge.script.calls).toBe(before);
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 3 } }), 5)).toHaveLength(2);
  });

  it.each(['key', 'service', 'workspace', 'organization'] as const)('counts per %s', async (level) => {
    const edge = await startEdge();
    const who = callerWith({ [level]: { rph_limit: 2 } });
    expect(await admitted(edge, who, 5)).toHaveLength(2);
    const refused = await tryToAdmit(edge, who);
    expect(refused).toMatchObject({ code: 'request_limit_reached' });
    const { message } = (refused as Refusal).details;
    expect(message).toContain(
      level === 'key' ? 'of this virtual key is' : `of the ${level} of this virtual key is`,
    );
    expect(message).toContain('2 requests per hour');
  });

  it('reserves the estimate and settles what was used; without a figure the estimate stays', async () => {
    const edge = await startEdge();
    const who = callerWith({ key: { tpm_limit: 100 } });
    const [first] = await admitted(edge, who, 3, 60);
    expect(await tryToAdmit(edge, who, 60)).toMatchObject({ code: 'token_limit_reached' });
    first?.settle(5);
    first?.settle(0);
    await waitUntil(async () => remaining(await tryToAdmit(edge, who, 1_000), 'tokens') === '95', {
      ...deadline,
      what: 'the settlement',
    });
    const [second] = await admitted(edge, who, 1, 20);
    second?.settle(null);
    expect(remaining(await tryToAdmit(edge, who, 1_000), 'tokens')).toBe('75');
    const [third] = await admitted(edge, who, 1, 10);
    third?.settle(70);
    await waitUntil(async () => remaining(await tryToAdmit(edge, who, 1_000), 'tokens') === '5', {
      ...deadline,
      what: 'the settlement of more than was reserved',
    });
  });

  it('gives the slot of a parallel request back at once', async () => {
    const edge = await startEdge();
    const who = callerWith({ key: { max_parallel_requests: 2 } });
    const running = await admitted(edge, who, 5);
    expect(running).toHaveLength(2);
    expect(await tryToAdmit(edge, who)).toMatchObject({ code: 'parallel_limit_reached' });
    running[0]?.settle(null);
    expect(await admitted(edge, who, 2)).toHaveLength(1);
  });

  it('tells what is left before it ends', async () => {
    const edge = await startEdge('edge-a');
    const who = callerWith({ key: { tpm_limit: 100, max_parallel_requests: 1 } });
    const [one] = await admitted(edge, who, 1, 90);
    one?.settle(10);
    await edge.limiter.close();
    const next = await startEdge('edge-b');
    expect(remaining((await admitted(next, who, 1, 1))[0]!, 'tokens')).toBe('89');
  });
});

describe('without Redis', () => {
  async function heartbeats(...ids: string[]): Promise<void> {
    await Promise.all(ids.map((id) => redis.set(`${prefix}:heartbeat:edge:${id}`, '{}')));
  }

  it('each edge keeps to its share, what it admitted before included, says so, and tells Redis afterwards', async () => {
    await heartbeats('edge-a', 'edge-b', 'edge-c');
    const edge = await startEdge('edge-a');
    await waitUntil(() => edge.limiter.share.edgeCount === 3, { ...deadline, what: 'the live edges' });
    expect(edge.limiter.share.rank).toBe(0);
    const who = callerWith({ key: { rpm_limit: 100, tpm_limit: 10_000 } });
    expect(await admitted(edge, who, 20)).toHaveLength(20);
    await loseRedis(edge);
    const alone = await admitted(edge, who, 50);
    expect(alone).toHaveLength(34 - 20);
    expect(alone[0]?.headers).toMatchObject({
      'x-signalbox-limits': 'local',
      'x-ratelimit-limit-requests': '34',
    });
    const refused = (await tryToAdmit(edge, who)) as Refusal;
    expect(refused.details.headers).toMatchObject({ 'x-signalbox-limits': 'local' });
    expect(refused.details.message).toContain('its part');
    alone[0]?.settle(3);
    await findRedis(edge);
    expect(edge.localTold).toEqual([true, false, true, false]);
    const [after] = await admitted(edge, who, 1);
    expect(remaining(after!, 'requests')).toBe('65');
    expect(remaining(after!, 'tokens')).toBe(String(10_000 - 34 * 10 + 7 - 10));
  });

  it('the shares of all edges are no more than the limit, parallel requests included', async () => {
    const ids = ['edge-a', 'edge-b', 'edge-c'];
    await heartbeats(...ids);
    const edges: TestEdge[] = [];
    for (const id of ids) edges.push(await startEdge(id));
    await waitUntil(() => edges.every(({ limiter }) => limiter.share.edgeCount === 3), {
      ...deadline,
      what: 'all',
    });
    for (const edge of edges) await loseRedis(edge);
    const perMinute = callerWith({ key: { rpm_limit: 20 } });
    const parallel = callerWith({ workspace: { max_parallel_requests: 4 } });
    const counts = async (who: TestCaller): Promise<number[]> => {
      const all = await Promise.all(edges.map((edge) => admitted(edge, who, 30)));
      return all.map(({ length }) => length);
    };
    expect(await counts(perMinute)).toEqual([7, 7, 6]);
    expect(await counts(parallel)).toEqual([2, 1, 1]);
    await findRedis(edges[0]!);
    await findRedis(edges[1]!);
    await findRedis(edges[2]!);
    // Redis has heard of all of them, of those that still run too.
    expect(await admitted(edges[1]!, perMinute, 3)).toHaveLength(0);
    expect(await admitted(edges[1]!, parallel, 3)).toHaveLength(0);
  });

  it('an edge that never reached it keeps to the share of one of the processes of its machine', async () => {
    const edge = await startEdge('edge-a', { leastEdges: 4, isReachable: false });
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 8 } }), 8)).toHaveLength(2);
  });

  it('a window that Redis has called full stays full', async () => {
    const edge = await startEdge('edge-a');
    const other = await startEdge('edge-b');
    const who = callerWith({ key: { rpm_limit: 10 } });
    expect(await admitted(other, who, 10)).toHaveLength(10);
    expect(await admitted(edge, who, 1)).toHaveLength(0);
    await loseRedis(edge);
    expect(await admitted(edge, who, 10)).toHaveLength(0);
  });
});

describe('a Redis that is too slow', () => {
  it('holds up nobody for longer than a moment, and nothing is counted twice or lost', async () => {
    const edge = await startEdge();
    const who = callerWith({ key: { rpm_limit: 100, tpm_limit: 1_000 } });
    const letGo = edge.script.holdAnswers();
    const startedAtMs = performance.now();
    const [slow] = await admitted(edge, who, 1);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(slow?.headers).toMatchObject({ 'x-signalbox-limits': 'local' });
    expect(edge.limiter.isLocal).toBe(true);
    const startedAgainMs = performance.now();
    await admitted(edge, who, 4);
    // Nobody waits a second time.
    expect(performance.now() - startedAgainMs).toBeLessThan(900);
    letGo();
    await waitUntil(() => !edge.limiter.isLocal, { ...deadline, what: 'Redis again' });
    const [after] = await admitted(edge, who, 1);
    expect(remaining(after!, 'requests')).toBe('94');
    expect(remaining(after!, 'tokens')).toBe('940');
  });

  it('what Redis admitted late and the edge refused counts nowhere', async () => {
    await redis.set(`${prefix}:heartbeat:edge:edge-b`, '{}');
    await redis.set(`${prefix}:heartbeat:edge:edge-c`, '{}');
    const edge = await startEdge('edge-a');
    await waitUntil(() => edge.limiter.share.edgeCount === 3, { ...deadline, what: 'the live edges' });
    const who = callerWith({ key: { rpm_limit: 3, max_parallel_requests: 3 } });
    const letGo = edge.script.holdAnswers();
    expect(await admitted(edge, who, 3)).toHaveLength(1);
    letGo();
    await waitUntil(() => !edge.limiter.isLocal, { ...deadline, what: 'Redis again' });
    const other = await startEdge('edge-b');
    expect(await admitted(other, who, 3)).toHaveLength(2);
  });
});
