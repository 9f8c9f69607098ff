import fc from 'fast-check';
import { BodyMemory } from './body-memory';

describe('the memory for bodies', () => {
  it('never holds more than its bound, and lets go of all it held', () => {
    const bounds = { totalBytes: 1_000, largeTotalBytes: 600, largeFromBytes: 100 };
    const step = fc.record({ who: fc.nat(9), bytes: fc.integer({ min: 1, max: 150 }), ends: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const memory = new BodyMemory(bounds);
        const bodies = Array.from({ length: 10 }, () => memory.open());
        for (const { who, bytes, ends } of steps) {
          if (ends) bodies[who]?.release();
          else bodies[who]?.add(bytes);
          expect(memory.heldBytes).toBeLessThanOrEqual(bounds.totalBytes);
        }
        for (const body of bodies) {
          body.release();
          body.release();
        }
        expect(memory.heldBytes).toBe(0);
      }),
    );
  });

  it('keeps room for small bodies when the large ones have taken their part', () => {
    const memory = new BodyMemory({ totalBytes: 1_000, largeTotalBytes: 600, largeFromBytes: 100 });
    expect(memory.open().add(500)).toBe(true);
    expect(memory.open().add(200)).toBe(false);
    expect(memory.open().add(99)).toBe(true);
    const growing = memory.open();
    expect(growing.add(90)).toBe(true);
    expect(growing.add(90)).toBe(false);
  });
});
