import { auditHash, genesisHash, type HashedAuditFields } from './audit-hash';

export interface StoredAuditEvent extends HashedAuditFields {
  hash: string;
}

export interface ChainHead {
  sequence: string;
  hash: string;
}

export interface BrokenLink {
  sequence: string;
  /** null: the event that should be there is not. */
  eventId: string | null;
  reason: string;
}

/** Walks a chain event by event; the first thing that does not fit is kept. */
export class AuditChainCheck {
  private lastSequence = 0n;
  private lastHash = genesisHash;
  broken: BrokenLink | null = null;

  get eventCount(): number {
    return Number(this.lastSequence);
  }

  /** @returns false once the chain is broken: there is no point in reading on */
  add(event: StoredAuditEvent): boolean {
    const expected = this.lastSequence + 1n;
    if (BigInt(event.sequence) !== expected) return this.fail(String(expected), null, 'an event is missing');
    if (event.previousHash !== this.lastHash) {
      return this.fail(event.sequence, event.id, 'it does not continue the event before it');
    }
    if (auditHash(event) !== event.hash) {
      return this.fail(event.sequence, event.id, 'its content was changed after it was written');
    }
    this.lastSequence = expected;
    this.lastHash = event.hash;
    return true;
  }

  /** @param head the end of the chain, read before the events, so that newer events do not count as wrong */
  finish(head: ChainHead, hashAtHead: string | null): BrokenLink | null {
    if (this.broken) return this.broken;
    if (this.lastSequence < BigInt(head.sequence)) {
      this.fail(String(this.lastSequence + 1n), null, 'the events at the end of the chain are missing');
    } else if (hashAtHead !== head.hash) {
      this.fail(head.sequence, null, 'the recorded end of the chain does not fit its last event');
    }
    return this.broken;
  }

  private fail(sequence: string, eventId: string | null, reason: string): false {
    this.broken = { sequence, eventId, reason };
    return false;
  }
}
