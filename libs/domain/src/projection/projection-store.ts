import { Inject, Injectable } from '@nestjs/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { BuiltDocument } from './build-documents';
import { type ProjectionKeys, projectionKeys } from './projection-keys';
import { advanceScript, completeScript, repairScript } from './projection-scripts';

export interface ProjectionMeta {
  epoch: string | null;
  seq: number;
}

export interface Repair {
  field: string;
  /** What Redis held when the difference was found; null: nothing. */
  expected: string | null;
  /** null: the document is to be removed. */
  text: string | null;
}

interface Scripts {
  projectionAdvance(documents: string, meta: string, ...rest: (string | number)[]): Promise<number>;
  projectionRepair(documents: string, meta: string, ...rest: string[]): Promise<number>;
  projectionComplete(documents: string, meta: string, ...rest: string[]): Promise<number>;
}

/** The projection in Redis. Every write is one script, so that documents, sequence and messages cannot drift apart. */
@Injectable()
export class ProjectionStore {
  readonly keys: ProjectionKeys;
  private readonly scripts: Redis & Scripts;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
  ) {
    this.keys = projectionKeys(prefix);
    const script = (lua: string) => ({ numberOfKeys: 2, lua });
    redis.defineCommand('projectionAdvance', script(advanceScript));
    redis.defineCommand('projectionRepair', script(repairScript));
    redis.defineCommand('projectionComplete', script(completeScript));
    this.scripts = redis as Redis & Scripts;
  }

  isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** Writes and tells the edges. @returns how many documents were newer than what Redis had */
  async advance(documents: readonly BuiltDocument[]): Promise<number> {
    return this.write(this.keys.changes, documents);
  }

  /** The same without a message, for a rebuild: the edges read everything once it is complete. */
  async fill(documents: readonly BuiltDocument[]): Promise<number> {
    return this.write('', documents);
  }

  private async write(channel: string, documents: readonly BuiltDocument[]): Promise<number> {
    if (documents.length === 0) return 0;
    const rest = documents.flatMap(({ kind, id, field, version, text }) => [kind, id, field, version, text]);
    return this.scripts.projectionAdvance(this.keys.documents, this.keys.meta, channel, ...rest);
  }

  /** @returns how many differences were repaired; the others had changed meanwhile */
  async repair(repairs: readonly Repair[]): Promise<number> {
    if (repairs.length === 0) return 0;
    const rest = repairs.flatMap(({ field, expected, text }) => [field, expected ?? '', text ?? '']);
    return this.scripts.projectionRepair(this.keys.documents, this.keys.meta, this.keys.changes, ...rest);
  }

  async meta(): Promise<ProjectionMeta> {
    const [epoch, seq] = await this.redis.hmget(this.keys.meta, 'epoch', 'seq');
    return { epoch: epoch ?? null, seq: Number(seq ?? 0) };
  }

  async texts(fields: readonly string[]): Promise<(string | null)[]> {
    return fields.length === 0 ? [] : this.redis.hmget(this.keys.documents, ...fields);
  }

  /** Some documents from a place that Redis chose; `cursor` '0' starts, and ends. */
  async scan(cursor: string, count: number): Promise<{ cursor: string; entries: Map<string, string> }> {
    const [next, flat] = await this.redis.hscan(this.keys.documents, cursor, 'COUNT', count);
    const entries = new Map<string, string>();
    for (let index = 0; index + 1 < flat.length; index += 2) entries.set(flat[index]!, flat[index + 1]!);
    return { cursor: next, entries };
  }

  /** Takes the exclusive right to rebuild, for a limited time. @returns false: another worker has it */
  async lockRebuild(token: string, holdMs: number): Promise<boolean> {
    return (await this.redis.set(this.keys.rebuildLock, token, 'PX', holdMs, 'NX')) === 'OK';
  }

  async beginRebuild(token: string): Promise<void> {
    await this.redis.hset(this.keys.meta, 'rebuild', token);
  }

  /** @returns false when Redis was flushed since the rebuild began: it must begin again */
  async completeRebuild(token: string, epoch: string): Promise<boolean> {
    const { documents, meta, changes } = this.keys;
    return (await this.scripts.projectionComplete(documents, meta, changes, token, epoch)) === 1;
  }

  async unlockRebuild(token: string): Promise<void> {
    if ((await this.redis.get(this.keys.rebuildLock)) === token) await this.redis.del(this.keys.rebuildLock);
  }
}
