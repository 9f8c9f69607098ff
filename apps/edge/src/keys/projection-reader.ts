import { parseProjectionDocument, parseProjectionField, projectionField } from '@signalbox/gateway';
import type { ProjectionField } from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { ProjectionEntry } from './projection-store';

export interface ProjectionMeta {
  /** null: the projection is not complete (Redis was flushed and the worker is rebuilding). */
  epoch: string | null;
  seq: number;
}

const scanCount = 1_000;

function parseMeta(epoch: unknown, seq: unknown): ProjectionMeta {
  return { epoch: typeof epoch === 'string' && epoch !== '' ? epoch : null, seq: Number(seq ?? 0) || 0 };
}

/** Reads the projection from Redis. Every method fails soon when Redis does not answer. */
export class ProjectionReader {
  readonly channel: string;
  private readonly hash: string;
  private readonly metaHash: string;

  constructor(
    private readonly redis: Redis,
    prefix: string,
  ) {
    this.hash = `${prefix}:projection`;
    this.metaHash = `${prefix}:projection:meta`;
    this.channel = `${prefix}:projection:changes`;
  }

  async readMeta(): Promise<ProjectionMeta> {
    const [epoch, seq] = await this.redis.hmget(this.metaHash, 'epoch', 'seq');
    return parseMeta(epoch, seq);
  }

  /** All entries. Those that are there during the whole scan are certain to be returned; the rest comes as messages. */
  async readAll(): Promise<ProjectionEntry[]> {
    const entries: ProjectionEntry[] = [];
    let cursor = '0';
    do {
      const [next, flat] = await this.redis.hscan(this.hash, cursor, 'COUNT', scanCount);
      for (let index = 0; index + 1 < flat.length; index += 2) {
        const field = parseProjectionField(flat[index]!);
        if (field) entries.push({ field, document: parseProjectionDocument(field.kind, flat[index + 1]!) });
      }
      cursor = next;
    } while (cursor !== '0');
    return entries;
  }

  /** One transaction, so that "not there" and "the projection is complete" are true at the same moment. */
  async readFields(
    fields: readonly ProjectionField[],
  ): Promise<{ isComplete: boolean; entries: ProjectionEntry[] }> {
    const names = fields.map(({ kind, id }) => projectionField(kind, id));
    const replies = await this.redis
      .multi()
      .hmget(this.hash, ...names)
      .hget(this.metaHash, 'epoch')
      .exec();
    const [[readError, texts], [metaError, epoch]] = (replies ?? []) as [
      [unknown, unknown],
      [unknown, unknown],
    ];
    if (readError || metaError || !Array.isArray(texts))
      throw new Error('Redis refused to read the projection');
    const entries = fields.flatMap((field, index) => {
      const text: unknown = texts[index];
      return typeof text === 'string' ? [{ field, document: parseProjectionDocument(field.kind, text) }] : [];
    });
    return { isComplete: parseMeta(epoch, 0).epoch !== null, entries };
  }
}
