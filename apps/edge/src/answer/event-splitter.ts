const newline = 10;
const carriageReturn = 13;
const emptyLine = Buffer.from('\n\n');
const emptyCrLine = Buffer.from('\n\r\n');

/** After the last empty line; 0: there is none. */
function lastEventEnd(chunk: Buffer): number {
  const { length } = chunk;
  // Nearly always a chunk is one or more whole events.
  if (length >= 2 && chunk[length - 1] === newline && chunk[length - 2] === newline) return length;
  const plain = chunk.lastIndexOf(emptyLine);
  const withCr = chunk.lastIndexOf(emptyCrLine);
  return Math.max(plain < 0 ? 0 : plain + 2, withCr < 0 ? 0 : withCr + 3);
}

/** After the first empty line from `start` on, or `length` where there is none. */
export function nextEventEnd(piece: Buffer, start: number, hasCr: boolean): number {
  const plain = piece.indexOf(emptyLine, start);
  const plainEnd = plain < 0 ? piece.length : plain + 2;
  if (!hasCr) return plainEnd;
  const withCr = piece.indexOf(emptyCrLine, start);
  return Math.min(plainEnd, withCr < 0 ? piece.length : withCr + 3);
}

class EventTooLarge extends Error {}

/**
 * Cuts a stream of server-sent events into pieces of whole events, so that one of them can be left out or replaced, and an
 * error event can follow at any moment. Copies nothing where a chunk ends with an event.
 */
export class EventSplitter {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** The last two bytes that are held: an empty line may be split between chunks. */
  private last = 0;
  private lastButOne = 0;

  constructor(private readonly maxEventBytes: number) {}

  /** @returns whole events, or null while there is none */
  push(chunk: Buffer): Buffer | null {
    const cut = Math.max(lastEventEnd(chunk), this.seamEnd(chunk));
    if (cut === 0) {
      this.hold(chunk);
      return null;
    }
    const head = cut === chunk.length ? chunk : chunk.subarray(0, cut);
    const piece = this.held.length === 0 ? head : Buffer.concat([...this.held, head]);
    this.clear();
    if (cut < chunk.length) this.hold(chunk.subarray(cut));
    return piece;
  }

  /** What is left at the end: an event that nobody has ended. */
  flush(): Buffer | null {
    const rest = this.held.length === 0 ? null : Buffer.concat(this.held);
    this.clear();
    return rest;
  }

  private clear(): void {
    if (this.held.length === 0) return;
    this.held = [];
    this.heldBytes = 0;
    this.last = 0;
    this.lastButOne = 0;
  }

  private hold(part: Buffer): void {
    if (part.length === 0) return;
    this.heldBytes += part.length;
    if (this.heldBytes > this.maxEventBytes) throw new EventTooLarge('an event of the stream is too large');
    this.held.push(part);
    this.lastButOne = part.length >= 2 ? part[part.length - 2]! : this.last;
    this.last = part[part.length - 1]!;
  }

  /** How much of the chunk completes an empty line that what is held has begun. */
  private seamEnd(chunk: Buffer): number {
    if (this.held.length === 0) return 0;
    const [first, second] = chunk;
    if (this.last === newline && first === newline) return 1;
    if (this.last === newline && first === carriageReturn && second === newline) return 2;
    return this.lastButOne === newline && this.last === carriageReturn && first === newline ? 1 : 0;
  }
}
