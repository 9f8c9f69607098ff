import { performance } from 'node:perf_hooks';
import type { Logger } from '@signalbox/common';
import type { StateLease } from '../state/state-lease';
import { FileSegment } from './file-segment';
import type { SegmentFiles } from './segment-files';

/** A long outage does not make one giant file, and what was delivered leaves the disk. */
const segmentBytes = 4 * 1024 * 1024;
/** While all goes well a file with nothing undelivered in it is given up: a kill then repeats little. */
const idleAfterMs = 1_000;

export interface SpoolQueueOptions {
  segmentBytes?: number;
}

/** The segments of this process, oldest first; the last one may still be written to. */
export class SpoolQueue {
  private readonly segments: FileSegment[] = [];
  private current: FileSegment | null = null;
  private currentSinceMs = 0;

  constructor(
    private readonly files: SegmentFiles,
    private readonly lease: StateLease,
    private readonly logger: Logger,
    private readonly options: SpoolQueueOptions = {},
  ) {}

  get waiting(): number {
    return this.segments.reduce((sum, segment) => sum + segment.waiting, 0);
  }

  /** Only who holds a lease may write: others would take its files for orphans. */
  async prepare(): Promise<void> {
    await this.lease.start();
    await this.files.prepare();
  }

  /** Throws when the disk does not take it; then nothing of it counts as kept. */
  async append(lines: readonly string[]): Promise<void> {
    await this.appendOnce(lines);
    if (this.lease.isCertain()) return;
    // This process stood still for so long that another may have taken the file for an orphan, read it and deleted it: so
    // the same once more into a file that nobody can have seen. Doubles are dropped by request id.
    this.logger.warn('this process stood still; usage events are spooled once more');
    await this.sealCurrent();
    await this.lease.renew();
    await this.appendOnce(lines);
  }

  /** @returns the oldest segment with something undelivered; those with nothing are deleted on the way */
  async oldest(): Promise<FileSegment | null> {
    for (;;) {
      const [first] = this.segments;
      if (!first) return null;
      if (!first.isDelivered) return first;
      const isStillUsed = !first.isSpent || (first === this.current && !this.isCurrentIdle());
      if (isStillUsed) return null;
      await this.drop(first);
    }
  }

  /** Puts what dead processes left behind in front: it is older than anything of ours. */
  async adopt(): Promise<void> {
    await this.prepare();
    const adopted: FileSegment[] = [];
    for (const path of await this.files.adoptOrphans()) adopted.push(await FileSegment.adopt(path));
    this.segments.unshift(...adopted);
    if (adopted.length === 0) return;
    const events = adopted.reduce((sum, { waiting }) => sum + waiting, 0);
    this.logger.info('took over usage events of a process that is gone', { files: adopted.length, events });
  }

  /** Its file stays where it is. */
  async forget(segment: FileSegment): Promise<void> {
    if (segment === this.current) this.current = null;
    const index = this.segments.indexOf(segment);
    if (index >= 0) this.segments.splice(index, 1);
    await segment.close();
  }

  async sealCurrent(): Promise<void> {
    const { current } = this;
    this.current = null;
    await current?.seal();
  }

  /** Leaves undelivered segments on disk. */
  async close(): Promise<void> {
    await this.sealCurrent();
    await this.oldest();
    await Promise.all(this.segments.map((segment) => segment.close()));
  }

  private async appendOnce(lines: readonly string[]): Promise<void> {
    if (this.current && this.current.bytes >= (this.options.segmentBytes ?? segmentBytes))
      await this.sealCurrent();
    // Without a pause where there is one: a segment with nothing in it may be given up in any pause.
    const segment = this.current ?? (await this.openNext());
    try {
      await segment.append(lines);
    } catch (error) {
      await this.sealCurrent();
      throw error;
    }
  }

  private async openNext(): Promise<FileSegment> {
    await this.prepare();
    const segment = await FileSegment.create(this.files.newPath());
    this.current = segment;
    this.currentSinceMs = performance.now();
    this.segments.push(segment);
    return segment;
  }

  private isCurrentIdle(): boolean {
    return performance.now() - this.currentSinceMs > idleAfterMs;
  }

  private async drop(segment: FileSegment): Promise<void> {
    // First, so that nothing is appended to it while it is being deleted.
    if (segment === this.current) this.current = null;
    const index = this.segments.indexOf(segment);
    if (index >= 0) this.segments.splice(index, 1);
    await segment.remove();
  }
}
