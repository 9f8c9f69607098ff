import fc from 'fast-check';
import { percentile } from './percentile';
import { weightedShare } from './weighted-share';

describe('the weighted share', () => {
  it('is worked out as by hand', () => {
    // Weights 1, 2, 1 with scores 1, 1, 0: 3 of 4. Effective count 16 / 6 = 2.667; z^2 / n = 3.841459 / 2.667 = 1.440547.
    // Middle (0.75 + 0.720273) / 2.440547 = 0.602435; half 1.959964 x sqrt(0.1875 / 2.667 + 1.440547 / 10.667) / 2.440547 = 0.363907.
    const share = weightedShare([
      { score: 1, weight: 1 },
      { score: 1, weight: 2 },
      { score: 0, weight: 1 },
    ]);
    expect(share?.value).toBe(0.75);
    expect(share?.effectiveCount).toBeCloseTo(2.6667, 4);
    expect(share?.low).toBeCloseTo(0.2385, 3);
    expect(share?.high).toBeCloseTo(0.9663, 3);
    expect(weightedShare([])).toBeNull();
  });

  it('lies in its interval, which lies within 0 and 1 and grows narrower with more tasks', () => {
    const scores = fc.array(
      fc.record({
        score: fc.double({ min: 0, max: 1, noNaN: true }),
        weight: fc.integer({ min: 1, max: 5 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(scores, (list) => {
        const [once, twice] = [weightedShare(list)!, weightedShare([...list, ...list])!];
        expect(once.low).toBeGreaterThanOrEqual(0);
        expect(once.low).toBeLessThanOrEqual(once.value);
        expect(once.high).toBeGreaterThanOrEqual(once.value);
        expect(once.high).toBeLessThanOrEqual(1);
        expect(twice.high - twice.low).toBeLessThan(once.high - once.low);
      }),
    );
  });
});

it('percentiles are values that were measured', () => {
  const values = [90, 10, 50, 20, 40, 30, 100, 60, 80, 70];
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([50, 100, 7]);
  expect(percentile([], 0.5)).toBeNull();
});
