import { Injectable } from '@nestjs/common';
import { CatalogueSyncEntity } from '@signalbox/database';
import { type EntityManager, LessThan, type QueryDeepPartialEntity } from 'typeorm';
import type { SyncCounts, SyncProgress, SyncStepName } from './sync-steps';

/** The sync was ended meanwhile. The piece of work that hits upon it is undone with its transaction. */
export class SyncEnded extends Error {}

export interface SyncPatch {
  readonly step: SyncStepName;
  readonly progress: SyncProgress;
  /** Added to what was counted so far. */
  readonly counts?: SyncCounts;
}

@Injectable()
export class CatalogueSyncRepository {
  async insert(manager: EntityManager, sync: CatalogueSyncEntity): Promise<void> {
    await manager.insert(CatalogueSyncEntity, sync as QueryDeepPartialEntity<CatalogueSyncEntity>);
  }

  async find(manager: EntityManager, id: string): Promise<CatalogueSyncEntity | null> {
    return manager.findOneBy(CatalogueSyncEntity, { id });
  }

  async findRunning(manager: EntityManager): Promise<CatalogueSyncEntity | null> {
    return manager.findOneBy(CatalogueSyncEntity, { state: 'running' });
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(manager: EntityManager, limit: number, before: string | null): Promise<CatalogueSyncEntity[]> {
    const where = before === null ? {} : { id: LessThan(before) };
    return manager.find(CatalogueSyncEntity, { where, order: { id: 'DESC' }, take: limit });
  }

  async latest(manager: EntityManager): Promise<CatalogueSyncEntity | null> {
    const [latest] = await this.list(manager, 1, null);
    return latest ?? null;
  }

  /** In the transaction of the piece of work that was done. @throws SyncEnded */
  async advance(
    manager: EntityManager,
    sync: CatalogueSyncEntity,
    patch: SyncPatch,
    now: Date,
  ): Promise<void> {
    const counts = { ...sync.counts };
    for (const [name, more] of Object.entries(patch.counts ?? {})) {
      counts[name] = (counts[name] ?? 0) + (more as number);
    }
    const { sources, litellm_version, litellm_sha256 } = sync.progress as SyncProgress;
    const kept = {
      ...(sources && { sources }),
      ...(litellm_version && { litellm_version }),
      ...(litellm_sha256 && { litellm_sha256 }),
    };
    await this.update(manager, sync, {
      step: patch.step,
      progress: { ...kept, ...patch.progress },
      counts,
      problem: null,
      nextAttemptAt: null,
      updatedAt: now,
    });
  }

  /** @throws SyncEnded */
  async update(
    manager: EntityManager,
    sync: CatalogueSyncEntity,
    values: Partial<CatalogueSyncEntity>,
  ): Promise<void> {
    const { affected } = await manager.update(
      CatalogueSyncEntity,
      { id: sync.id, state: 'running', version: sync.version },
      { ...values, version: sync.version + 1 } as QueryDeepPartialEntity<CatalogueSyncEntity>,
    );
    if (affected !== 1) throw new SyncEnded('the sync of the catalogue is over, or somebody else is at it');
  }
}
