/** What an edge wrote when it had applied a message with a value's document. */
export interface EdgeAck {
  version: number;
  atMs: number;
}

export interface EdgeReceipt {
  id: string;
  /** null: it has read the whole projection since, at a time that nobody noted. */
  appliedAt: Date | null;
  delayMs: number | null;
}

/** Which edges know a change of a virtual key. */
export interface KeyReceipt {
  version: number;
  /** Every edge that lives knows it. */
  complete: boolean;
  edges: EdgeReceipt[];
  /** The edges that did not say so yet. */
  waitingFor: string[];
}

export interface ReceiptFacts {
  version: number;
  changedAt: Date;
  /** Those that live: their heartbeat has not run out. */
  edgeIds: readonly string[];
  /** For each value of the key: what each edge wrote. */
  acksByValue: readonly ReadonlyMap<string, EdgeAck>[];
  /** Edges that had the whole projection, with this version in it. */
  caughtUp: ReadonlySet<string>;
}

/** A version that an edge has means that it has every older one: documents never go back. */
function appliedAtMs(edgeId: string, { acksByValue, version }: ReceiptFacts): number | null {
  let lastMs: number | null = null;
  for (const acks of acksByValue) {
    const ack = acks.get(edgeId);
    if (!ack || ack.version < version) return null;
    lastMs = Math.max(lastMs ?? 0, ack.atMs);
  }
  return lastMs;
}

export function receiptOf(facts: ReceiptFacts): KeyReceipt {
  const edges: EdgeReceipt[] = [];
  const waitingFor: string[] = [];
  for (const id of [...facts.edgeIds].sort()) {
    const atMs = appliedAtMs(id, facts);
    if (atMs !== null) {
      edges.push({ id, appliedAt: new Date(atMs), delayMs: atMs - facts.changedAt.getTime() });
    } else if (facts.caughtUp.has(id)) {
      edges.push({ id, appliedAt: null, delayMs: null });
    } else {
      waitingFor.push(id);
    }
  }
  return { version: facts.version, complete: waitingFor.length === 0, edges, waitingFor };
}
