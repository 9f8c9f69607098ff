import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { SpoolBatch, SpoolSource } from './spool-batch';

const newline = 10;
/** One reading. Decoding more at once would hold up requests. */
const readBytes = 262_144;

/** Whole lines at the start of a chunk. Cheap on purpose: what is JSON but no event is refused by the worker, and counted there. */
function splitLines(chunk: Buffer, limit: number): SpoolBatch {
  const lines: string[] = [];
  let [bytes, torn] = [0, 0];
  while (lines.length < limit) {
    const end = chunk.indexOf(newline, bytes);
    if (end === -1) break;
    if (chunk[bytes] === 0x7b && chunk[end - 1] === 0x7d) lines.push(chunk.toString('utf8', bytes, end));
    else torn += 1;
    bytes = end + 1;
  }
  return { lines, bytes, torn, isBacklog: true };
}

/**
 * One file of the spool: events as lines of JSON, only ever appended. It is read from the front and deleted when all of it was
 * acknowledged; how far the reader got is not written down, so a process that takes it over delivers all of it again.
 */
export class FileSegment implements SpoolSource {
  /** The batch that was appended last, if it is what the reader needs next: then nothing is read back. */
  private fresh: SpoolBatch | null = null;
  private readOffset = 0;
  private isWriting = false;

  private constructor(
    private path: string,
    private writer: FileHandle | null,
    private reader: FileHandle | null,
    private size: number,
    /** Events that were not acknowledged. */
    private events: number,
  ) {}

  static async create(path: string): Promise<FileSegment> {
    return new FileSegment(path, await open(path, 'ax', 0o600), null, 0, 0);
  }

  /** One that another process has left behind. */
  static async adopt(path: string): Promise<FileSegment> {
    const reader = await open(path, 'r');
    const { size } = await reader.stat();
    const segment = new FileSegment(path, null, reader, size, 0);
    segment.events = await segment.countLines();
    return segment;
  }

  get bytes(): number {
    return this.size;
  }

  get waiting(): number {
    return this.events;
  }

  get isDelivered(): boolean {
    return this.readOffset >= this.size;
  }

  /** Nothing in it is needed any more, nor about to be. */
  get isSpent(): boolean {
    return this.isDelivered && !this.isWriting;
  }

  /** Throws when the disk did not take all of it. The segment must then be sealed. */
  async append(lines: readonly string[]): Promise<void> {
    if (!this.writer) throw new Error('the segment is sealed');
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    this.isWriting = true;
    try {
      const { bytesWritten } = await this.writer.write(bytes);
      if (bytesWritten < bytes.length) throw new Error('the disk took only a part of a batch');
    } finally {
      this.isWriting = false;
    }
    const isNext = this.isDelivered;
    this.size += bytes.length;
    this.events += lines.length;
    this.fresh = isNext ? { lines, bytes: bytes.length, torn: 0, isBacklog: false } : null;
  }

  /** Nothing more is appended. What a failed write left behind what is known is cut off, or skipped by whoever reads it. */
  async seal(): Promise<void> {
    const { writer } = this;
    this.writer = null;
    if (!writer) return;
    await writer.truncate(this.size).catch(() => undefined);
    await writer.close().catch(() => undefined);
  }

  async next(limit: number): Promise<SpoolBatch | null> {
    if (this.fresh && this.fresh.lines.length <= limit) return this.fresh;
    this.fresh = null;
    for (let length = readBytes; !this.isDelivered; length *= 4) {
      const left = this.size - this.readOffset;
      const chunk = await this.read(this.readOffset, Math.min(length, left));
      const batch = splitLines(chunk, limit);
      if (batch.bytes > 0) return batch;
      // The file ends without the end of a line: the process was killed in the middle of a write.
      const isEnd = length >= left || chunk.length < length;
      if (isEnd) return { lines: [], bytes: left, torn: 1, isBacklog: true };
    }
    return null;
  }

  acknowledge(batch: SpoolBatch): void {
    this.readOffset += batch.bytes;
    this.events = Math.max(this.events - batch.lines.length - batch.torn, 0);
    if (this.fresh === batch) this.fresh = null;
  }

  /** Another process may have taken it for an orphan and renamed it: then it will see to it. */
  async remove(): Promise<void> {
    await this.close();
    await unlink(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async close(): Promise<void> {
    await this.seal();
    await this.reader?.close().catch(() => undefined);
    this.reader = null;
  }

  private async read(offset: number, length: number): Promise<Buffer> {
    this.reader ??= await open(this.path, 'r');
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.reader.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  private async countLines(): Promise<number> {
    let lines = 0;
    for (let offset = 0; offset < this.size; offset += readBytes) {
      const chunk = await this.read(offset, Math.min(readBytes, this.size - offset));
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines += 1;
    }
    return lines;
  }
}
