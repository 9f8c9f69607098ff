const mebibyte = 1024 * 1024;

export interface BodyMemoryBounds {
  /** Of all bodies together that are held at the same time. */
  totalBytes: number;
  /** Of those that are large: the rest is there for the small ones. */
  largeTotalBytes: number;
  largeFromBytes: number;
}

/** A body that was read takes about three times its bytes: as it came, as text, and as fields. */
export const usualBodyMemoryBounds: BodyMemoryBounds = {
  totalBytes: 160 * mebibyte,
  largeTotalBytes: 96 * mebibyte,
  largeFromBytes: mebibyte / 2,
};

/**
 * What the bodies of all requests may take up at the same time. Each is held until its answer has ended, since it may have to
 * be sent another way. Only what has really arrived counts, so that nobody can reserve memory by announcing a length.
 */
export class BodyMemory {
  private held = 0;
  private heldByLarge = 0;

  constructor(private readonly bounds = usualBodyMemoryBounds) {}

  get heldBytes(): number {
    return this.held;
  }

  open(): HeldBody {
    let size = 0;
    let large = 0;
    return {
      add: (bytes) => {
        const { totalBytes, largeTotalBytes, largeFromBytes } = this.bounds;
        const nextLarge = size + bytes >= largeFromBytes ? size + bytes : 0;
        const isTooMuch =
          this.held + bytes > totalBytes || this.heldByLarge + nextLarge - large > largeTotalBytes;
        if (isTooMuch) return false;
        size += bytes;
        this.held += bytes;
        this.heldByLarge += nextLarge - large;
        large = nextLarge;
        return true;
      },
      release: () => {
        this.held -= size;
        this.heldByLarge -= large;
        size = large = 0;
      },
    };
  }
}

export interface HeldBody {
  /** @returns false when there is no room */
  add(bytes: number): boolean;
  release(): void;
}
