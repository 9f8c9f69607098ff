import fc from 'fast-check';
import { SequenceTracker } from './sequence-tracker';

describe('the numbers of changes', () => {
  it('are all seen when all came, in whatever order', () => {
    const order = fc
      .nat({ max: 30 })
      .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count }));
    fc.assert(
      fc.property(order, fc.nat({ max: 1_000 }), (offsets, start) => {
        const tracker = new SequenceTracker();
        tracker.restart('e', start);
        for (const offset of offsets) tracker.note('e', start + 1 + offset);
        expect(tracker.position).toEqual({ epoch: 'e', seq: start + offsets.length });
      }),
    );
  });

  it('show a gap for as long as one is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), (count, pick) => {
        const missing = 1 + (pick % (count - 1));
        const tracker = new SequenceTracker();
        tracker.restart('e', 0);
        for (let seq = 1; seq <= count; seq += 1) if (seq !== missing) tracker.note('e', seq);
        expect(tracker.hasSeen('e', missing - 1)).toBe(true);
        expect(tracker.hasSeen('e', count)).toBe(false);
        tracker.note('e', missing);
        expect(tracker.hasSeen('e', count)).toBe(true);
      }),
    );
  });

  it('of another epoch count for nothing', () => {
    const tracker = new SequenceTracker();
    tracker.restart('e1', 5);
    tracker.note('e2', 6);
    expect(tracker.hasSeen('e2', 6)).toBe(false);
    expect(tracker.position).toEqual({ epoch: 'e1', seq: 5 });
    tracker.restart('e2', 3);
    expect(tracker.position).toEqual({ epoch: 'e2', seq: 3 });
  });

  it('that came early still count after a reading', () => {
    const tracker = new SequenceTracker();
    tracker.restart('e', 1);
    tracker.note('e', 4);
    tracker.restart('e', 3);
    expect(tracker.position.seq).toBe(4);
  });

  it('may go down with a reading of an older Redis', () => {
    const tracker = new SequenceTracker();
    tracker.restart('e', 9);
    tracker.restart('e', 4);
    expect(tracker.hasSeen('e', 9)).toBe(false);
  });
});
