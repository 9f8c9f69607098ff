const mebibyte = 1024 * 1024;

interface BodyMemoryBounds {
  /** Of all bodies together that are held at the same time. */
  totalBytes: number;
  /** Of those that are large: the rest is there for the small ones. */
  largeTotalBytes: number;
  largeFromBytes: number;
}

/** A body that was read takes about three times its bytes: as it came, as text, and as fields. */
const usualBodyMemoryBounds: BodyMemoryBounds = {
  totalBytes: 160 * mebibyte,
  largeTotalBytes: 96 * mebibyte,
  largeFromBytes: mebibyte / 2,
};

interface Waiting {
  readonly bytes: number;
  readonly proceed: () => void;
}

/**
 * What the bodies of all requests may take up at the same time. Each is held until its answer has ended, since it may have to
 * be sent another way. A large body that says how long it is waits for its turn, unread, so that the client's system holds it
 * and not this one; refusing it half-way would only make the client send it again.
 */
export class BodyMemory {
  private held = 0;
  private heldByLarge = 0;
  private readonly queue: Waiting[] = [];

  constructor(private readonly bounds = usualBodyMemoryBounds) {}

  get heldBytes(): number {
    return this.held;
  }

  get waitingCount(): number {
    return this.queue.length;
  }

  /** @param announcedBytes 0: unknown */
  open(announcedBytes: number): HeldBody {
    return new HeldBody(this, announcedBytes >= this.bounds.largeFromBytes ? announcedBytes : 0);
  }

  /** @returns how much more is held as large, or null when there is no room */
  take(size: number, bytes: number, large: number): number | null {
    const { totalBytes, largeTotalBytes, largeFromBytes } = this.bounds;
    const nextLarge = size + bytes >= largeFromBytes ? size + bytes : 0;
    const hasRoom =
      this.held + bytes <= totalBytes && this.heldByLarge + nextLarge - large <= largeTotalBytes;
    if (!hasRoom) return null;
    this.held += bytes;
    this.heldByLarge += nextLarge - large;
    return nextLarge;
  }

  give(size: number, large: number): void {
    this.held -= size;
    this.heldByLarge -= large;
    for (let first = this.queue[0]; first && this.fits(first.bytes); first = this.queue[0]) {
      this.queue.shift();
      first.proceed();
    }
  }

  /** @returns to be called when nobody waits any more */
  wait(bytes: number, proceed: () => void): () => void {
    const waiting = { bytes, proceed };
    this.queue.push(waiting);
    return () => {
      const at = this.queue.indexOf(waiting);
      if (at !== -1) this.queue.splice(at, 1);
    };
  }

  private fits(bytes: number): boolean {
    const { totalBytes, largeTotalBytes } = this.bounds;
    return this.held + bytes <= totalBytes && this.heldByLarge + bytes <= largeTotalBytes;
  }
}

/** The part of one body. */
export class HeldBody {
  private size = 0;
  private large = 0;
  private arrived = 0;
  private stopWaiting: (() => void) | null = null;
  private isReleased = false;

  constructor(
    private readonly memory: BodyMemory,
    private readonly reservedBytes: number,
  ) {}

  /** Room for all that was announced: at once, or as soon as others have gone. @returns whether it is there now */
  reserve(whenThere: () => void): boolean {
    if (this.reservedBytes === 0) return true;
    if (this.memory.waitingCount === 0 && this.grow(this.reservedBytes)) return true;
    this.stopWaiting = this.memory.wait(this.reservedBytes, () => {
      this.stopWaiting = null;
      this.grow(this.reservedBytes);
      whenThere();
    });
    return false;
  }

  /** @returns false when there is no room */
  add(bytes: number): boolean {
    this.arrived += bytes;
    return this.arrived <= this.size || this.grow(this.arrived - this.size);
  }

  release(): void {
    this.isReleased = true;
    this.stopWaiting?.();
    const { size, large } = this;
    this.size = this.large = 0;
    this.memory.give(size, large);
  }

  private grow(bytes: number): boolean {
    if (this.isReleased) return false;
    const large = this.memory.take(this.size, bytes, this.large);
    if (large === null) return false;
    this.size += bytes;
    this.large = large;
    return true;
  }
}
