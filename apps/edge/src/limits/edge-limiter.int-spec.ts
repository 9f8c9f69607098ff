import {
  admit,
  admitted,
  callerWith,
  deadline,
  type LimitedEdge,
  LimiterWorld,
  remaining,
  type TestCaller,
  tryToAdmit,
} from '../../../../test/support/limiter-world';
import { waitUntil } from '../../../../test/support/wait-until';
import { Refusal } from '../request/refusal';
import { unlimitedAdmission } from './limiter';

let world: LimiterWorld;

beforeEach(() => {
  world = new LimiterWorld();
});
afterEach(() => world.close());

describe('with Redis', () => {
  it('three edges with 200 clients let exactly the limit through', async () => {
    const edges = [
      await world.startEdge('edge-a'),
      await world.startEdge('edge-b'),
      await world.startEdge('edge-c'),
    ];
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
    async function press(edges: readonly LimitedEdge[], who: TestCaller, forMs: number): Promise<number[]> {
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
      const edges = [
        await world.startEdge('edge-a'),
        await world.startEdge('edge-b'),
        await world.startEdge('edge-c'),
      ];
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
      const edges = [
        await world.startEdge('edge-a'),
        await world.startEdge('edge-b'),
        await world.startEdge('edge-c'),
      ];
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
    const edge = await world.startEdge();
    const before = edge.script.calls;
    expect(admit(edge, callerWith({}))).toBe(unlimitedAdmission);
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 30 } }), 100)).toHaveLength(30);
    expect(edge.script.calls).toBe(before + 1);
  });

  it('who asks on and on after a refusal costs Redis nothing, and a raised limit holds at once', async () => {
    const edge = await world.startEdge();
    const who = callerWith({ key: { rpm_limit: 1 } });
    await admitted(edge, who, 2);
    const before = edge.script.calls;
    expect(await admitted(edge, who, 500)).toHaveLength(0);
    expect(edge.script.calls).toBe(before);
    expect(await admitted(edge, callerWith({ key: { rpm_limit: 3 } }), 5)).toHaveLength(2);
  });

  it.each(['key', 'service', 'workspace', 'organization'] as const)('counts per %s', async (level) => {
    const edge = await world.startEdge();
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
    const edge = await world.startEdge();
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
    const edge = await world.startEdge();
    const who = callerWith({ key: { max_parallel_requests: 2 } });
    const running = await admitted(edge, who, 5);
    expect(running).toHaveLength(2);
    expect(await tryToAdmit(edge, who)).toMatchObject({ code: 'parallel_limit_reached' });
    running[0]?.settle(null);
    expect(await admitted(edge, who, 2)).toHaveLength(1);
  });

  it('tells what is left before it ends', async () => {
    const edge = await world.startEdge('edge-a');
    const who = callerWith({ key: { tpm_limit: 100, max_parallel_requests: 1 } });
    const [one] = await admitted(edge, who, 1, 90);
    one?.settle(10);
    await edge.limiter.close();
    const next = await world.startEdge('edge-b');
    expect(remaining((await admitted(next, who, 1, 1))[0]!, 'tokens')).toBe('89');
  });
});
