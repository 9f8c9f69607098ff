/** Events as lines of JSON, in the order in which they were recorded. */
export interface SpoolBatch {
  lines: readonly string[];
  /** How far the reader gets with it. */
  bytes: number;
  /** Lines that are no events: the process was killed while it wrote, or the disk was full. */
  torn: number;
  /** Was not delivered while it was new: there is a backlog. */
  isBacklog: boolean;
}

/** Where undelivered events are kept. Read one batch at a time: the next one after the acknowledgement of the last. */
export interface SpoolSource {
  /** @returns null: nothing waits */
  next(limit: number): Promise<SpoolBatch | null>;
  acknowledge(batch: SpoolBatch): void;
}
