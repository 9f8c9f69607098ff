import fc from 'fast-check';
import { backoffMs } from './outbox-drainer';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });

describe('backoff', () => {
  it('is never longer than the limit and never shorter than a quarter of a second', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.integer({ min: 500, max: 600_000 }),
        fraction,
        (attempts, maxMs, chance) => {
          const delayMs = backoffMs(attempts, maxMs, () => chance);
          expect(delayMs).toBeLessThanOrEqual(maxMs);
          expect(delayMs).toBeGreaterThanOrEqual(250);
        },
      ),
    );
  });

  it('grows with the attempts', () => {
    const delays = [1, 2, 3, 4].map((attempts) => backoffMs(attempts, 60_000, () => 1));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000]);
  });
});
