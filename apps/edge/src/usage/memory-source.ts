import type { SpoolBatch, SpoolSource } from './spool-batch';

/** Events that no disk would take. They wait here, up to a limit that the caller watches. */
export class MemorySource implements SpoolSource {
  private lines: string[] = [];
  private inFlight = 0;

  get waiting(): number {
    return this.lines.length;
  }

  add(lines: readonly string[]): void {
    for (const line of lines) this.lines.push(line);
  }

  next(limit: number): Promise<SpoolBatch | null> {
    const lines = this.lines.slice(0, limit);
    this.inFlight = lines.length;
    const isBacklog = this.lines.length > lines.length;
    return Promise.resolve(lines.length > 0 ? { lines, bytes: 0, torn: 0, isBacklog } : null);
  }

  acknowledge(batch: SpoolBatch): void {
    this.lines.splice(0, batch.lines.length);
    this.inFlight = 0;
  }

  /** A batch that was not acknowledged is not on its way any more. */
  release(): void {
    this.inFlight = 0;
  }

  /** The disk works again: up to `limit` events, in order, apart from those that are on their way to Redis. */
  takeForDisk(limit: number): string[] {
    return this.lines.splice(this.inFlight, limit);
  }
}
