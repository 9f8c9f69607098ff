import { Inject, Injectable } from '@nestjs/common';
import { type Logger, newId } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { LOGGER } from '@signalbox/domain/core';
import type { ProjectionKind } from '@signalbox/gateway';
import { ProjectionRepository } from './projection.repository';
import { type ProjectionMeta, ProjectionStore } from './projection-store';

/** What is above a key comes before it: a key without its workspace is denied, and one without the platform's rules goes astray. */
export const projectionKinds: readonly ProjectionKind[] = [
  'settings',
  'organization',
  'service',
  'workspace',
  'credentials',
  'catalogue',
  'facts',
  'key',
];
const pageSize = 500;
/** Two rebuilds at once only waste work, so a killed worker must not hold up the next one for long. */
const lockMs = 5_000;

/** Fills Redis anew whenever it was emptied. */
@Injectable()
export class ProjectionRebuildService {
  private lastSeen: ProjectionMeta = { epoch: null, seq: 0 };

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ProjectionRepository,
    private readonly store: ProjectionStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * To be called every half second or so. A missing epoch means that Redis was flushed; a sequence that went back means
   * that it was restarted from an old dump, whose documents may be stale.
   * @returns whether the projection is complete now
   */
  async ensureComplete(): Promise<boolean> {
    const meta = await this.store.meta();
    const wentBack = meta.epoch === this.lastSeen.epoch && meta.seq < this.lastSeen.seq;
    if (meta.epoch !== null && !wentBack) {
      this.lastSeen = meta;
      return true;
    }
    const isDone = await this.rebuild(wentBack ? 'Redis came back with an older state' : 'Redis is empty');
    if (isDone) this.lastSeen = await this.store.meta();
    return isDone;
  }

  /** @returns false: another worker is at it, or Redis was flushed again meanwhile */
  async rebuild(reason: string): Promise<boolean> {
    const token = newId('outbox');
    if (!(await this.store.lockRebuild(token, lockMs))) return false;
    const startedMs = Date.now();
    try {
      await this.store.beginRebuild(token);
      let count = 0;
      for (const kind of projectionKinds) count += await this.fill(kind);
      const isComplete = await this.store.completeRebuild(token, String(startedMs));
      this.logger.info('projection rebuilt', {
        reason,
        complete: isComplete,
        documents: count,
        duration_ms: Date.now() - startedMs,
      });
      return isComplete;
    } finally {
      await this.store.unlockRebuild(token);
    }
  }

  private async fill(kind: ProjectionKind): Promise<number> {
    let count = 0;
    for (let after: string | null = ''; after !== null;) {
      const position: string = after;
      const page = await this.transactions.run('platform', (manager) =>
        this.repository.page(manager, kind, position, pageSize),
      );
      await this.store.fill(page.documents);
      count += page.documents.length;
      after = page.nextAfter;
    }
    return count;
  }
}
