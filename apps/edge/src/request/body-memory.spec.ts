import fc from 'fast-check';
import { BodyMemory, type HeldBody } from './body-memory';

const bounds = { totalBytes: 1_000, largeTotalBytes: 600, largeFromBytes: 100 };
const never = (): void => {
  throw new Error('nobody waits');
};

function small(memory: BodyMemory, bytes: number): boolean {
  const body = memory.open(0);
  return body.reserve(never) && body.add(bytes);
}

describe('the memory for bodies', () => {
  it('never holds more than its bound, lets go of all it held, and leaves nobody waiting', () => {
    const step = fc.record({
      who: fc.nat(9),
      announced: fc.constantFrom(0, 0, 50, 150, 400),
      bytes: fc.integer({ min: 1, max: 150 }),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const memory = new BodyMemory(bounds);
        const bodies = new Map<number, { body: HeldBody; isReading: boolean }>();
        for (const { who, announced, bytes, ends } of steps) {
          const known = bodies.get(who);
          if (!known) {
            const one = { body: memory.open(announced), isReading: false };
            one.isReading = one.body.reserve(() => (one.isReading = true));
            bodies.set(who, one);
          } else if (ends) {
            known.body.release();
            bodies.delete(who);
          } else if (known.isReading) known.body.add(bytes);
          expect(memory.heldBytes).toBeLessThanOrEqual(bounds.totalBytes);
        }
        for (const { body } of bodies.values()) {
          body.release();
          body.release();
        }
        expect(memory.heldBytes).toBe(0);
        expect(memory.waitingCount).toBe(0);
      }),
    );
  });

  it('keeps room for small bodies when the large ones have taken their part', () => {
    const memory = new BodyMemory(bounds);
    expect(memory.open(500).reserve(never)).toBe(true);
    expect(memory.open(200).reserve(never)).toBe(false);
    expect(small(memory, 99)).toBe(true);
    expect(small(memory, 101)).toBe(false);
  });

  it('lets large bodies wait for their turn, in order', () => {
    const memory = new BodyMemory(bounds);
    const order: string[] = [];
    const first = memory.open(600);
    expect(first.reserve(never)).toBe(true);
    const second = memory.open(500);
    const third = memory.open(100);
    const gone = memory.open(100);
    expect(second.reserve(() => order.push('second'))).toBe(false);
    expect(gone.reserve(() => order.push('gone'))).toBe(false);
    expect(third.reserve(() => order.push('third'))).toBe(false);
    gone.release();
    first.release();
    expect(order).toEqual(['second', 'third']);
    expect(memory.heldBytes).toBe(600);
    expect(second.add(400)).toBe(true);
    expect(memory.heldBytes).toBe(600);
  });
});
