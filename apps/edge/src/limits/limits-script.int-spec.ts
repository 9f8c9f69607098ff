import { randomBytes } from 'node:crypto';
import { LimitCounter, limitSlackMs, limitWindows, type RateLimits, unlimited } from '@signalbox/gateway';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { testRedisUrl } from '../../../../test/support/own-redis';
import type { LimitedSubject } from './limited-subjects';
import { buildLimitsCall, parallelLeaseMs, readVerdicts, ScriptRunner } from './limits-call';
import type { JournalPage } from './limits-journal';
import { limitsScript, redisClock } from './limits-script';
import type { LimitedRequest, Verdict } from './verdict';

/** The script with a clock of its own, which each call sets. */
const clockKey = `test-clock-${randomBytes(6).toString('hex')}`;
const scriptWithClock = limitsScript.replace(
  redisClock,
  `local now = tonumber(redis.call('GET', '${clockKey}'))`,
);
const startMs = Date.UTC(2026, 0, 1);
const nothing: JournalPage = { corrections: [], ended: new Map(), running: new Map() };

// Thousands of calls take a while where there is little processor time.
jest.setTimeout(60_000);

let redis: Redis;
let prefix: string;
let script: ScriptRunner;
let nowMs: number;
beforeAll(() => {
  redis = new Redis(testRedisUrl());
  script = new ScriptRunner(redis, scriptWithClock);
});
afterAll(async () => {
  await redis.del(clockKey);
  redis.disconnect();
});
beforeEach(beginAnew);

/** Other names: what was counted before runs out by itself. */
function beginAnew(): void {
  prefix = `test-${randomBytes(6).toString('hex')}`;
  nowMs = startMs;
}

function subject(name: string, limits: Partial<RateLimits>): LimitedSubject {
  const all = { ...unlimited, ...limits };
  const list = [...limitWindows.map(({ field }) => all[field] ?? -1), all.max_parallel_requests ?? -1];
  const hasParallel = all.max_parallel_requests !== null;
  return { kind: 'key', name, limits: list, hasWindows: true, countsTokens: true, hasParallel };
}

let lastId = 0;
function request(subjects: LimitedSubject[], tokens = 1, count = 1): LimitedRequest {
  lastId += 1;
  return { id: `req_${lastId}`, count, tokens, subjects, dialect: 'openai' };
}

async function call(requests: LimitedRequest[], page = nothing): Promise<Verdict[]> {
  await redis.set(clockKey, nowMs);
  const one = buildLimitsCall(prefix, requests, page);
  return readVerdicts(one, await script.run(one));
}

async function admit(subjects: LimitedSubject[], tokens = 1): Promise<Verdict> {
  const [verdict] = await call([request(subjects, tokens)]);
  if (!verdict) throw new Error('no verdict');
  return verdict;
}

const correction = (one: LimitedSubject, atMs: number, requests: number, tokens: number): JournalPage => ({
  ...nothing,
  corrections: [{ subject: one, atMs, requests, tokens }],
});

interface Logged {
  atMs: number;
  name: string;
  requests: number;
  tokens: number;
}

/** The most that any stretch of time as long as the window has held. */
function mostInAnyWindow(log: Logged[], name: string, kind: 'requests' | 'tokens', lengthMs: number): number {
  const own = log.filter((one) => one.name === name).sort((a, b) => a.atMs - b.atMs);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const one of own) {
    sum += one[kind];
    for (; (own[first]?.atMs ?? 0) <= one.atMs - lengthMs; first += 1) sum -= own[first]?.[kind] ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

const smallLimit = fc.option(fc.integer({ min: 1, max: 12 }), { nil: null });
const tokenLimit = fc.option(fc.integer({ min: 1, max: 60 }), { nil: null });
const someLimits = fc.record({
  rpm_limit: smallLimit,
  rph_limit: smallLimit,
  rpd_limit: smallLimit,
  tpm_limit: tokenLimit,
  tph_limit: tokenLimit,
  tpd_limit: tokenLimit,
});
/** From within a bucket to beyond a day. */
const step = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 0, max: 61_000 }),
  fc.integer({ min: 0, max: 3_700_000 }),
  fc.integer({ min: 0, max: 90_000_000 }),
);
const turn = fc.record({
  stepMs: step,
  requests: fc.array(
    fc.record({ tokens: fc.integer({ min: 1, max: 30 }), who: fc.integer({ min: 0, max: 2 }) }),
    { maxLength: 8 },
  ),
});

describe('the script, beside an exact log of what it admitted', () => {
  it('never lets more than a limit through in any window, counts all or nothing, and agrees with the counter in memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(someLimits, someLimits),
        fc.array(turn, { maxLength: 25 }),
        async ([keyLimits, groupLimits], turns) => {
          beginAnew();
          const key = subject('key:a', keyLimits);
          const group = subject('workspace:w', groupLimits);
          const sides = [[key], [group], [key, group]];
          const counters = new Map(
            [key, group].map((one) => [one, limitWindows.map((window) => new LimitCounter(window))]),
          );
          const log: Logged[] = [];
          for (const { stepMs, requests } of turns) {
            nowMs += stepMs;
            const asked = requests.map(({ tokens, who }) => request(sides[who] ?? [key], tokens));
            const verdicts = await call(asked);
            expect(verdicts).toHaveLength(asked.length);
            asked.forEach((one, index) => {
              const cost = (at: number): number => (limitWindows[at]?.counts === 'tokens' ? one.tokens : 1);
              const fits = one.subjects.every((who) =>
                counters.get(who)?.every((counter, at) => {
                  const limit = who.limits[at] ?? -1;
                  return limit === -1 || counter.sum(nowMs) + cost(at) <= limit;
                }),
              );
              expect(verdicts[index]?.isAdmitted).toBe(fits);
              if (!fits) return;
              for (const who of one.subjects) {
                counters.get(who)?.forEach((counter, at) => counter.add(cost(at), nowMs, nowMs));
                log.push({ atMs: nowMs, name: who.name, requests: 1, tokens: one.tokens });
              }
            });
          }
          for (const one of [key, group])
            limitWindows.forEach(({ counts, lengthMs }, at) => {
              const limit = one.limits[at] ?? -1;
              if (limit !== -1)
                expect(mostInAnyWindow(log, one.name, counts, lengthMs + limitSlackMs)).toBeLessThanOrEqual(
                  limit,
                );
            });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says when there is room again: not a millisecond before, and then there is', async () => {
    const wanted = fc.array(fc.tuple(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(wanted, fc.integer({ min: 9, max: 30 }), async (steps, limit) => {
        beginAnew();
        const one = subject('key:a', { tpm_limit: limit });
        for (const [stepMs, tokens] of steps) {
          nowMs += stepMs;
          const verdict = await admit([one], tokens);
          if (verdict.isAdmitted) continue;
          nowMs += (verdict.waitMs ?? 0) - 1;
          expect((await admit([one], tokens)).isAdmitted).toBe(false);
          nowMs += 1;
          expect((await admit([one], tokens)).isAdmitted).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['minute', { rpm_limit: 100 }, 60_000, 150],
    ['hour', { rph_limit: 100 }, 3_600_000, 9_000],
    ['day', { rpd_limit: 100 }, 86_400_000, 200_000],
  ])(
    'uses at least 97 %% of a limit a %s when there is always somebody who asks',
    async (_name, limits, lengthMs, stepMs) => {
      const one = subject('key:a', limits);
      const windows = 4;
      let admitted = 0;
      for (; nowMs < startMs + windows * lengthMs; nowMs += stepMs) {
        const verdicts = await call(Array.from({ length: 3 }, () => request([one])));
        admitted += verdicts.filter(({ isAdmitted }) => isAdmitted).length;
      }
      expect(admitted).toBeGreaterThanOrEqual(0.97 * 100 * windows);
      expect(admitted).toBeLessThanOrEqual(100 * windows);
    },
  );

  it('settles in the bucket of the reservation: the sum is that of the real usage, and leaves the window in time', async () => {
    const uses = fc.array(
      fc.record({
        stepMs: fc.integer({ min: 0, max: 20_000 }),
        estimate: fc.integer({ min: 1, max: 50 }),
        real: fc.integer({ min: 0, max: 80 }),
        settleAfterMs: fc.integer({ min: 0, max: 90_000 }),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(uses, async (all) => {
        beginAnew();
        const one = subject('key:a', { tpm_limit: 1_000_000, tpd_limit: 1_000_000 });
        const counters = limitWindows.map((window) => new LimitCounter(window));
        const due: { atMs: number; settleAtMs: number; more: number }[] = [];
        for (const { stepMs, estimate, real, settleAfterMs } of all) {
          nowMs += stepMs;
          for (const settled of due.splice(0)) {
            if (settled.settleAtMs > nowMs) {
              due.push(settled);
              continue;
            }
            await call([], correction(one, settled.atMs, 0, settled.more));
            for (const counter of counters) counter.add(settled.more, settled.atMs, nowMs);
          }
          const verdict = await admit([one], estimate);
          for (const counter of counters) counter.add(estimate, verdict.atMs, nowMs);
          due.push({ atMs: verdict.atMs, settleAtMs: nowMs + settleAfterMs, more: real - estimate });
          const minute = counters[3]?.sum(nowMs) ?? 0;
          const day = counters[5]?.sum(nowMs) ?? 0;
          const verdictAfter = await admit([one], 1);
          for (const counter of counters) counter.add(1, nowMs, nowMs);
          expect(verdictAfter.tokens?.remaining).toBe(1_000_000 - Math.max(minute, day) - 1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the script', () => {
  it('counts several requests as one: all of them, or none', async () => {
    beginAnew();
    const one = subject('key:a', { rpm_limit: 10, tpm_limit: 100 });
    const [seven, four, three] = await call([
      request([one], 70, 7),
      request([one], 4, 4),
      request([one], 30, 3),
    ]);
    expect([seven, four, three].map((verdict) => verdict?.isAdmitted)).toEqual([true, false, true]);
    expect(four).toMatchObject({ reason: 'requests', requests: { remaining: 3 }, tokens: { remaining: 30 } });
    expect(three).toMatchObject({ requests: { remaining: 0 }, tokens: { remaining: 0 } });
    await call([], correction(one, nowMs, -2, -20));
    expect(await admit([one], 20)).toMatchObject({ isAdmitted: true, requests: { remaining: 1 } });
  });

  it('adds what edges have admitted without it, where it belongs in time', async () => {
    const one = subject('key:a', { rpm_limit: 10, tpm_limit: 100 });
    await call([], correction(one, nowMs - 30_000, 4, 40));
    await call([], correction(one, nowMs - 70_000, 4, 40));
    const verdict = await admit([one], 10);
    expect(verdict).toMatchObject({
      requests: { limit: 10, remaining: 5 },
      tokens: { limit: 100, remaining: 50 },
    });
    nowMs += 31_000;
    expect(await admit([one], 10)).toMatchObject({ requests: { remaining: 8 }, tokens: { remaining: 80 } });
  });

  it('never lets a sum fall below what is there, whatever is given back', async () => {
    const one = subject('key:a', { tpm_limit: 100 });
    await admit([one], 30);
    await call([], correction(one, nowMs, 0, -1_000));
    await call([], correction(one, nowMs - 5_000, 0, -1_000));
    expect(await admit([one], 10)).toMatchObject({ tokens: { remaining: 90 } });
  });

  it('refuses a request that is larger than the limit for good, and one that meets two limits by the longer wait', async () => {
    const one = subject('key:a', { tpm_limit: 100, rpm_limit: 1, rph_limit: 1 });
    expect(await admit([one], 101)).toMatchObject({ isAdmitted: false, reason: 'tokens', waitMs: null });
    expect((await admit([one], 1)).isAdmitted).toBe(true);
    const refused = await admit([one], 1);
    expect(refused).toMatchObject({ isAdmitted: false, reason: 'requests', limitIndex: 1 });
    expect((refused as { waitMs: number }).waitMs).toBeGreaterThan(3_590_000);
  });

  it('holds parallel requests to their limit, renews slots, and frees those of an edge that is gone', async () => {
    const one = subject('key:a', { max_parallel_requests: 2 });
    const requests = [request([one]), request([one]), request([one])];
    const first = await call(requests);
    expect(first.map(({ isAdmitted }) => isAdmitted)).toEqual([true, true, false]);
    expect(first[2]).toMatchObject({ reason: 'parallel' });
    const ids = requests.map(({ id }) => id);
    await call([], { ...nothing, ended: new Map([[one, new Set([ids[0] ?? ''])]]) });
    expect((await admit([one])).isAdmitted).toBe(true);
    nowMs += parallelLeaseMs - 1;
    await call([], { ...nothing, running: new Map([[one, new Set([ids[1] ?? ''])]]) });
    nowMs += 2;
    // The third one was never renewed.
    const after = await call([request([one]), request([one])]);
    expect(after.map(({ isAdmitted }) => isAdmitted)).toEqual([true, false]);
  });

  it('forgets a slot that was renewed and given back in the same call', async () => {
    const one = subject('key:a', { max_parallel_requests: 1 });
    const ids = new Map([[one, new Set(['req_gone'])]]);
    await call([], { ...nothing, ended: ids, running: ids });
    expect((await admit([one])).isAdmitted).toBe(true);
  });

  it('goes on when the clock of Redis goes back: a little without loosening, a lot by beginning anew', async () => {
    const one = subject('key:a', { rpm_limit: 3 });
    await call([request([one]), request([one])]);
    nowMs -= 20_000;
    expect((await admit([one])).isAdmitted).toBe(true);
    expect((await admit([one])).isAdmitted).toBe(false);
    nowMs -= 86_400_000;
    expect((await admit([one])).isAdmitted).toBe(true);
  });

  it('leaves nothing behind: keys run out, and windows in which nothing happens shrink', async () => {
    const one = subject('key:a', { rpm_limit: 1_000 });
    for (let turns = 0; turns < 600; turns += 1) {
      nowMs += 200;
      await admit([one]);
    }
    expect(await redis.hlen(`${prefix}:limits:{key:a}`)).toBeLessThanOrEqual(243 + 3);
    nowMs += 120_000;
    await admit([one]);
    expect(await redis.hlen(`${prefix}:limits:{key:a}`)).toBe(4);
    expect(await redis.pttl(`${prefix}:limits:{key:a}`)).toBeLessThanOrEqual(61_000);
    expect(await redis.pttl(`${prefix}:limits:{key:a}`)).toBeGreaterThan(60_000);
  });

  it('is sent again to a Redis that has forgotten it', async () => {
    const one = subject('key:a', { rpm_limit: 2 });
    await admit([one]);
    await redis.script('FLUSH');
    expect(await admit([one])).toMatchObject({ isAdmitted: true, requests: { remaining: 0 } });
  });
});
