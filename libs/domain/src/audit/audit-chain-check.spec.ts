import fc from 'fast-check';
import { AuditChainCheck, type StoredAuditEvent } from './audit-chain-check';
import { auditHash, genesisHash } from './audit-hash';

function chainOf(length: number): StoredAuditEvent[] {
  const events: StoredAuditEvent[] = [];
  let previousHash = genesisHash;
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const fields = {
      id: `evt_${sequence}`,
      chain: 'org_a',
      sequence: String(sequence),
      organizationId: 'org_a',
      actorType: 'service_token',
      actorId: 'tok_1',
      action: 'workspace.created',
      targetType: 'workspace',
      targetId: `ws_${sequence}`,
      requestId: null,
      changes: { name: `n${sequence}`, nested: { b: 1, a: [2, null] } },
      occurredAt: new Date(1_700_000_000_000 + sequence),
      previousHash,
    };
    const hash = auditHash(fields);
    events.push({ ...fields, hash });
    previousHash = hash;
  }
  return events;
}

function check(events: StoredAuditEvent[], head: { sequence: string; hash: string }) {
  const walk = new AuditChainCheck();
  for (const event of events) if (!walk.add(event)) break;
  return walk.finish(head, events.find(({ sequence }) => sequence === head.sequence)?.hash ?? null);
}

function headOf(events: StoredAuditEvent[]) {
  const last = events[events.length - 1];
  return { sequence: last?.sequence ?? '0', hash: last?.hash ?? genesisHash };
}

const length = 12;
const position = fc.integer({ min: 0, max: length - 1 });

describe('an audit chain', () => {
  it('is in order as it was written, and also while more is being written', () => {
    const events = chainOf(length);
    expect(check(events, headOf(events))).toBeNull();
    expect(check(events, headOf(events.slice(0, 5)))).toBeNull();
  });

  it('is broken where any field of any event was changed', () => {
    const changes: Partial<StoredAuditEvent>[] = [
      { action: 'workspace.deleted' },
      { actorId: 'tok_2' },
      { organizationId: null },
      { targetId: 'ws_0' },
      { requestId: 'req_1' },
      { occurredAt: new Date(0) },
      { changes: { name: 'other' } },
      { id: 'evt_x' },
      { hash: genesisHash },
      { previousHash: 'f'.repeat(64) },
    ];
    fc.assert(
      fc.property(position, fc.constantFrom(...changes), (at, change) => {
        const events = chainOf(length);
        const head = headOf(events);
        Object.assign(events[at]!, change);
        expect(check(events, head)?.sequence).toBe(String(at + 1));
      }),
    );
  });

  it('is broken where an event was removed, also the last one, or put in twice', () => {
    fc.assert(
      fc.property(position, (at) => {
        const events = chainOf(length);
        const head = headOf(events);
        expect(check([...events.slice(0, at), ...events.slice(at + 1)], head)).not.toBeNull();
        expect(check([...events.slice(0, at + 1), ...events.slice(at)], head)).not.toBeNull();
      }),
    );
  });

  it('is broken when it was written anew from some event on', () => {
    const events = chainOf(length);
    const forged = chainOf(length);
    forged[3]!.action = 'nothing.happened';
    for (let index = 3; index < length; index += 1) {
      const event = forged[index]!;
      event.previousHash = forged[index - 1]!.hash;
      event.hash = auditHash(event);
    }
    expect(check(forged, headOf(events))).not.toBeNull();
  });
});
