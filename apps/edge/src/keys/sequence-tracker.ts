export interface SequencePosition {
  epoch: string | null;
  seq: number;
}

/**
 * Knows which changes of the projection this edge has seen. Changes are numbered without gaps within an epoch; they may
 * arrive out of order, for more than one process publishes.
 */
export class SequenceTracker {
  private epoch: string | null = null;
  private contiguous = 0;
  private readonly ahead = new Set<number>();

  /** Everything up to `seq` of this epoch is known: it was just read from Redis. */
  restart(epoch: string, seq: number): void {
    const isSameEpoch = epoch === this.epoch;
    const early = isSameEpoch ? [...this.ahead].filter((one) => one > seq) : [];
    this.epoch = epoch;
    this.contiguous = seq;
    this.ahead.clear();
    for (const one of early) this.note(epoch, one);
  }

  note(epoch: string, seq: number): void {
    if (epoch !== this.epoch || seq <= this.contiguous) return;
    this.ahead.add(seq);
    while (this.ahead.delete(this.contiguous + 1)) this.contiguous += 1;
  }

  /** False: at least one change up to `seq` was missed, or belongs to an epoch that was not read yet. */
  hasSeen(epoch: string, seq: number): boolean {
    return epoch === this.epoch && seq <= this.contiguous;
  }

  get position(): SequencePosition {
    return { epoch: this.epoch, seq: this.contiguous };
  }
}
