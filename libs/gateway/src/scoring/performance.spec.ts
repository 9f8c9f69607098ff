import fc from 'fast-check';
import {
  type CallSums,
  mergePerformance,
  noCalls,
  performanceFrom,
  performanceOf,
  readPerformance,
  withCall,
  withCut,
  withFirstToken,
  withPrompt,
  writePerformance,
} from './performance';
import { unknownPerformance } from './scoring.types';

const minuteMs = 60_000;
const startMs = 1_800_000_000_000;

function afterCalls(firstBytesMs: readonly (number | null)[], atMs = startMs): CallSums {
  return firstBytesMs.reduce<CallSums>((sums, firstByteMs) => withCall(sums, { firstByteMs }, atMs), noCalls);
}

describe('the figures of a deployment', () => {
  it('are unknown before anybody called', () => {
    expect(performanceOf([], startMs)).toBe(unknownPerformance);
    expect(performanceOf([noCalls], startMs)).toBe(unknownPerformance);
  });

  it('are the mean of what did not fail, and the share of what did', () => {
    // (100 + 300) / 2 = 200; 2 failures / (4 calls + 2 that are assumed to have gone well) = 1/3.
    expect(performanceOf([afterCalls([100, null, 300, null])], startMs)).toEqual({
      firstByteMs: 200,
      firstByteWeight: 2,
      errorRate: 2 / 6,
      weight: 4,
    });
  });

  it('say nothing of the time where every call failed', () => {
    expect(performanceOf([afterCalls([null, null])], startMs)).toEqual({
      firstByteMs: null,
      firstByteWeight: 0,
      errorRate: 0.5,
      weight: 2,
    });
  });

  it('count half after five minutes, beside what came later', () => {
    const sums = withCall(afterCalls([100]), { firstByteMs: 400 }, startMs + 5 * minuteMs);
    // (100 x 0.5 + 400) / (0.5 + 1) = 300.
    expect(performanceOf([sums], startMs + 5 * minuteMs)).toEqual({
      firstByteMs: 300,
      firstByteWeight: 1.5,
      errorRate: 0,
      weight: 1.5,
    });
    expect(performanceOf([sums], startMs + 10 * minuteMs).weight).toBe(0.75);
  });

  it('forgive: failures fade, and after an hour and a half nothing is known', () => {
    const failed = afterCalls(Array.from({ length: 10 }, () => null));
    const rates = [0, 5, 20, 60].map(
      (minutes) => performanceOf([failed], startMs + minutes * minuteMs).errorRate,
    );
    // 10 / 12, 5 / 7, 0.625 / 2.625 and nearly nothing.
    expect(rates.slice(0, 3)).toEqual([10 / 12, 5 / 7, 0.625 / 2.625]);
    expect(rates[3]).toBeLessThan(0.005);
    expect(performanceOf([failed], startMs + 90 * minuteMs)).toBe(unknownPerformance);
  });

  it('tell which part of the prompts the provider had cached, lately and over all edges', () => {
    const one = withPrompt(afterCalls([100]), { promptTokens: 1_000, cachedTokens: 900 }, startMs);
    const other = withPrompt(afterCalls([100]), { promptTokens: 1_000, cachedTokens: 0 }, startMs);
    expect(performanceOf([one], startMs).cachedShare).toBe(0.9);
    expect(performanceOf([one, other], startMs).cachedShare).toBe(0.45);
    expect(performanceOf([other], startMs).cachedShare).toBeUndefined();
    // Five minutes later the first prompt counts half: (450 + 0) / (500 + 1,000).
    const later = startMs + 5 * minuteMs;
    const faded = withPrompt(one, { promptTokens: 1_000, cachedTokens: 0 }, later);
    expect(performanceOf([faded], later).cachedShare).toBeCloseTo(0.3, 12);
    const told = readPerformance(writePerformance(new Map([['dep', one]]), startMs), startMs);
    expect(told.get('dep')).toEqual(one);
  });

  it('believe nobody who has cached more than there was', () => {
    const odd = withPrompt(afterCalls([100]), { promptTokens: 10, cachedTokens: 1_000 }, startMs);
    expect(performanceOf([odd], startMs).cachedShare).toBe(1);
  });

  it('stand a clock that goes back', () => {
    const sums = withCall(afterCalls([100]), { firstByteMs: 300 }, startMs - minuteMs);
    expect(performanceOf([sums], startMs - 2 * minuteMs)).toMatchObject({ firstByteMs: 200, weight: 2 });
  });

  it('fade after a clock that was far ahead has been set right, too', () => {
    const ahead = afterCalls([100], startMs + 600 * minuteMs);
    const right = withCall(ahead, { firstByteMs: 300 }, startMs);
    expect(performanceOf([right], startMs)).toMatchObject({ firstByteMs: 200, weight: 2 });
    expect(performanceOf([right], startMs + 5 * minuteMs).weight).toBe(1);
    expect(performanceOf([right], startMs + 90 * minuteMs)).toBe(unknownPerformance);
  });

  it('have the time of a first token that came after its call was counted', () => {
    const counted = withCall(noCalls, { firstByteMs: null, hasFailed: false }, startMs);
    const sums = withFirstToken(counted, { firstByteMs: 700, atMs: startMs }, startMs);
    const figures = { firstByteMs: 700, firstByteWeight: 1, errorRate: 0, weight: 1 };
    expect(performanceOf([sums], startMs)).toEqual(figures);
    const told = readPerformance(writePerformance(new Map([['dep', sums]]), startMs), startMs);
    expect(performanceOf([told.get('dep')!], startMs)).toEqual(figures);
    // Told at the end of a long stream it counts as much as if it had been told when it came.
    const endMs = startMs + 5 * minuteMs;
    const late = withFirstToken(counted, { firstByteMs: 700, atMs: startMs }, endMs);
    expect(performanceOf([late], endMs)).toEqual(performanceOf([sums], endMs));
  });

  it('count a call once whose answer broke off', () => {
    const cut = withCut(afterCalls([100]), startMs);
    const figures = { firstByteMs: 100, firstByteWeight: 1, errorRate: 1 / 3, weight: 1 };
    expect(performanceOf([cut], startMs)).toEqual(figures);
    const told = readPerformance(writePerformance(new Map([['dep', cut]]), startMs), startMs);
    expect(performanceOf([told.get('dep')!], startMs)).toEqual(figures);
  });

  it('stay within their bounds, and do not depend on the order of the edges', () => {
    const call = fc.option(fc.nat({ max: 60_000 }), { freq: 3 });
    const edge = fc.record({ calls: fc.array(call, { maxLength: 20 }), ageMs: fc.nat({ max: 600_000 }) });
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 5 }), (edges) => {
        const all = edges.map(({ calls, ageMs }) => afterCalls(calls, startMs - ageMs));
        const { firstByteMs, errorRate, weight } = performanceOf(all, startMs);
        const times = edges.flatMap(({ calls }) => calls.filter((ms) => ms !== null));
        expect(errorRate >= 0 && errorRate <= 1 && weight >= 0).toBe(true);
        if (firstByteMs !== null) {
          expect(firstByteMs).toBeGreaterThanOrEqual(Math.min(...times) - 0.001);
          expect(firstByteMs).toBeLessThanOrEqual(Math.max(...times) + 0.001);
        }
        const reversed = performanceOf([...all].reverse(), startMs);
        expect(reversed.weight).toBeCloseTo(weight, 9);
        expect(reversed.errorRate).toBeCloseTo(errorRate, 9);
      }),
    );
  });
});

describe('what edges tell each other', () => {
  it('is read as it was written, and adds up', () => {
    const one = new Map([
      ['dep_1', afterCalls([100, null])],
      ['dep_2', afterCalls([50])],
    ]);
    const other = new Map([['dep_1', afterCalls([300])]]);
    const read = [one, other].map((edge) => readPerformance(writePerformance(edge, startMs), startMs));
    expect(mergePerformance(read, startMs)).toEqual(
      new Map([
        ['dep_1', { firstByteMs: 200, firstByteWeight: 2, errorRate: 1 / 5, weight: 3 }],
        ['dep_2', { firstByteMs: 50, firstByteWeight: 1, errorRate: 0, weight: 1 }],
      ]),
    );
  });

  it('has the form of the contract', () => {
    const edge = new Map([
      ['dep_1', afterCalls([100, null])],
      ['dep_old', afterCalls([100], startMs - 90 * minuteMs)],
    ]);
    expect(JSON.parse(writePerformance(edge, startMs))).toEqual({
      v: 1,
      at_ms: startMs,
      deployments: { dep_1: [2, 100, 1] },
    });
  });

  it('tells apart calls of which the time to the first token is not known', () => {
    const sums = [100, null, 300].reduce<CallSums>(
      (known, firstByteMs) => withCall(known, { firstByteMs, hasFailed: false }, startMs),
      noCalls,
    );
    const text = writePerformance(new Map([['dep_1', sums]]), startMs);
    expect(JSON.parse(text)).toMatchObject({ deployments: { dep_1: [3, 200, 0, 2] } });
    expect(performanceFrom([text], startMs).get('dep_1')).toEqual({
      firstByteMs: 200,
      firstByteWeight: 2,
      errorRate: 0,
      weight: 3,
    });
  });

  it('is left out where an amount is none that anybody could have seen: sums of such would be no numbers', () => {
    const document = (figures: number[]) =>
      JSON.stringify({ v: 1, at_ms: startMs, deployments: { dep_1: figures } });
    const huge = [document([1e308, 100, 0]), document([1e308, 100, 0])];
    expect(performanceFrom(huge, startMs).size).toBe(0);
    const figures = performanceFrom([document([1e12, 1e12, 0, 1e12, 1e12, 1e12])], startMs).get('dep_1');
    expect(Object.values(figures!).every((one) => Number.isFinite(one))).toBe(true);
  });

  it('decays from the time of writing', () => {
    const text = writePerformance(new Map([['dep_1', afterCalls([100, 100])]]), startMs);
    const read = readPerformance(text, startMs + 5 * minuteMs);
    expect(mergePerformance([read], startMs + 5 * minuteMs).get('dep_1')?.weight).toBe(1);
  });

  it.each([
    ['', startMs],
    ['{}', startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,2]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,-2,0]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,2,1e999]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,2,0,"3"]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":{}}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"${'x'.repeat(258)}":[1,2,0]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":[[1,2,0]]}`, startMs],
    [`{"v":1,"at_ms":"${startMs}","deployments":{"dep_1":[1,2,0]}}`, startMs],
    [`{"v":2,"at_ms":${startMs},"deployments":{"dep_1":[1,2,0]}}`, startMs],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,2,0]}}`, startMs + 5 * minuteMs + 1],
    [`{"v":1,"at_ms":${startMs},"deployments":{"dep_1":[1,2,0]}}`, startMs - 5 * minuteMs - 1],
  ])('says nothing when it cannot be read, or is too old: %s at %d', (text, nowMs) => {
    expect(readPerformance(text, nowMs).size).toBe(0);
  });
});
