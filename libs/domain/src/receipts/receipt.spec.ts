import fc from 'fast-check';
import { type EdgeAck, receiptOf, type ReceiptFacts } from './receipt';

const changedAt = new Date('2026-01-01T00:00:00.000Z');
const ack = (version: number, afterMs = 7): EdgeAck => ({ version, atMs: changedAt.getTime() + afterMs });

function facts(more: Partial<ReceiptFacts> = {}): ReceiptFacts {
  return { version: 3, changedAt, edgeIds: ['e1', 'e2'], acksByValue: [], caughtUp: new Set(), ...more };
}

describe('a receipt', () => {
  it('names each edge that has the version or a newer one, with its delay, and those that it waits for', () => {
    const acksByValue = [
      new Map([
        ['e1', ack(3)],
        ['e2', ack(2)],
      ]),
    ];
    expect(receiptOf(facts({ acksByValue }))).toEqual({
      version: 3,
      complete: false,
      edges: [{ id: 'e1', appliedAt: new Date('2026-01-01T00:00:00.007Z'), delayMs: 7 }],
      waitingFor: ['e2'],
    });
    const newer = [new Map([...acksByValue[0]!, ['e2', ack(4, 9)]])];
    expect(receiptOf(facts({ acksByValue: newer }))).toMatchObject({ complete: true, waitingFor: [] });
  });

  it('counts an edge once it knows every value of the key, at the time of the last one', () => {
    const first = new Map([['e1', ack(3, 5)]]);
    const both = facts({ edgeIds: ['e1'], acksByValue: [first, new Map([['e1', ack(3, 12)]])] });
    expect(receiptOf(both).edges).toMatchObject([{ id: 'e1', delayMs: 12 }]);
    const one = facts({ edgeIds: ['e1'], acksByValue: [first, new Map()] });
    expect(receiptOf(one)).toMatchObject({ complete: false, edges: [], waitingFor: ['e1'] });
  });

  it('counts an edge that read everything anew, without a time', () => {
    const receipt = receiptOf(facts({ acksByValue: [new Map([['e1', ack(3)]])], caughtUp: new Set(['e2']) }));
    expect(receipt).toMatchObject({ complete: true, waitingFor: [] });
    expect(receipt.edges[1]).toEqual({ id: 'e2', appliedAt: null, delayMs: null });
  });

  it('does not count edges that are gone, and is complete without any', () => {
    expect(receiptOf(facts({ edgeIds: [], acksByValue: [new Map([['e9', ack(1)]])] }))).toEqual({
      version: 3,
      complete: true,
      edges: [],
      waitingFor: [],
    });
  });

  it('names each edge that lives exactly once', () => {
    const edgeIds = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    const acks = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'x'), fc.integer({ min: 1, max: 5 })));
    fc.assert(
      fc.property(edgeIds, fc.array(acks, { maxLength: 3 }), edgeIds, (live, values, caughtUp) => {
        const acksByValue = values.map((some) => new Map(some.map(([id, version]) => [id, ack(version)])));
        const receipt = receiptOf(facts({ edgeIds: live, acksByValue, caughtUp: new Set(caughtUp) }));
        expect([...receipt.edges.map(({ id }) => id), ...receipt.waitingFor].sort()).toEqual(
          [...live].sort(),
        );
        expect(receipt.complete).toBe(receipt.waitingFor.length === 0);
      }),
    );
  });
});
