import type { ErrorFields, TokenUsage } from '@signalbox/gateway';

/** What a stream passes through on its way: it sees the bytes and knows how the answer stands. */
export interface Passage {
  /** The answer has begun; with something to show. */
  readonly hasStarted: boolean;
  readonly hasContent: boolean;
  /** Nothing after this belongs to the answer. */
  readonly isOver: boolean;
  /** Its last event has come. */
  readonly hasEnded: boolean;
  /** The upstream's own word that it has failed, in an answer that is whole as such. */
  readonly hasFailed: boolean;
  /** For an answer whose connection has ended: it was not cut. */
  readonly isComplete: boolean;
  readonly error: ErrorFields | null;
  readonly problem: string | null;
  readonly model: string | null;
  readonly usage: TokenUsage | null;
  /** It has a place for an error after its first byte. */
  readonly takesErrors: boolean;
  /** @returns what may go to the client now */
  push(chunk: Buffer): readonly Buffer[];
  flush(): readonly Buffer[];
  stop(problem: string): void;
}

/** Sound and files: whatever comes is the answer. */
export class BytePassage implements Passage {
  hasContent = false;
  problem: string | null = null;
  readonly hasEnded = false;
  readonly hasFailed = false;
  readonly error = null;
  readonly model = null;
  readonly usage = null;
  readonly takesErrors = false;
  private hasFlushed = false;

  get hasStarted(): boolean {
    return this.hasContent;
  }

  get isOver(): boolean {
    return this.problem !== null;
  }

  get isComplete(): boolean {
    return this.hasFlushed && this.problem === null;
  }

  push(chunk: Buffer): readonly Buffer[] {
    this.hasContent = true;
    return [chunk];
  }

  flush(): readonly Buffer[] {
    this.hasFlushed = true;
    return [];
  }

  stop(problem: string): void {
    this.problem ??= problem;
  }
}
