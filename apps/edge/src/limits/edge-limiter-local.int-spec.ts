import {
  admitted,
  callerWith,
  deadline,
  findRedis,
  type LimitedEdge,
  LimiterWorld,
  loseRedis,
  remaining,
  type TestCaller,
  tryToAdmit,
} from '../../../../test/support/limiter-world';
import { waitUntil } from '../../../../test/support/wait-until';
import type { Refusal } from '../request/refusal';

let world: LimiterWorld;

beforeEach(() => {
  world = new LimiterWorld();
});
afterEach(() => world.close());

describe('without Redis', () => {
  it('each edge keeps to its share, what it admitted before included, says so, and tells Redis afterwards', async () => {
    await world.heartbeats('edge-a', 'edge-b', 'edge-c');
    const edge = await world.startEdge('edge-a');
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
    await world.heartbeats(...ids);
    const edges: LimitedEdge[] = [];
    for (const id of ids) edges.push(await world.startEdge(id));
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
    const edge = await world.startEdge('edge-a', { leastEdges: 4, isReachable: false });
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 8 } }), 8)).toHaveLength(2);
  });

  it('a window that Redis has called full stays full', async () => {
    const edge = await world.startEdge('edge-a');
    const other = await world.startEdge('edge-b');
    const who = callerWith({ key: { rpm_limit: 10 } });
    expect(await admitted(other, who, 10)).toHaveLength(10);
    expect(await admitted(edge, who, 1)).toHaveLength(0);
    await loseRedis(edge);
    expect(await admitted(edge, who, 10)).toHaveLength(0);
  });
});

describe('a Redis that is too slow', () => {
  it('holds up nobody for longer than a moment, and nothing is counted twice or lost', async () => {
    const edge = await world.startEdge();
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
    await world.heartbeats('edge-b', 'edge-c');
    const edge = await world.startEdge('edge-a');
    await waitUntil(() => edge.limiter.share.edgeCount === 3, { ...deadline, what: 'the live edges' });
    const who = callerWith({ key: { rpm_limit: 3, max_parallel_requests: 3 } });
    const letGo = edge.script.holdAnswers();
    expect(await admitted(edge, who, 3)).toHaveLength(1);
    letGo();
    await waitUntil(() => !edge.limiter.isLocal, { ...deadline, what: 'Redis again' });
    const other = await world.startEdge('edge-b');
    expect(await admitted(other, who, 3)).toHaveLength(2);
  });
});
