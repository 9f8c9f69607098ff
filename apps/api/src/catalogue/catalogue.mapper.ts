import type { CatalogueChangeEntity, CatalogueSyncEntity } from '@signalbox/database';
import type { CatalogueChangeView, CatalogueSyncView } from './catalogue.dto';

export function toCatalogueSyncView(sync: CatalogueSyncEntity): CatalogueSyncView {
  return {
    id: sync.id,
    trigger: sync.trigger,
    state: sync.state,
    step: sync.step,
    progress: sync.progress,
    counts: sync.counts,
    problem: sync.problem,
    next_attempt_at: sync.nextAttemptAt?.toISOString() ?? null,
    created_at: sync.createdAt.toISOString(),
    ended_at: sync.endedAt?.toISOString() ?? null,
  };
}

export function toCatalogueChangeView(change: CatalogueChangeEntity): CatalogueChangeView {
  return {
    id: change.id,
    sync_id: change.syncId,
    entry_id: change.entryId,
    provider: change.provider,
    anomaly: change.anomaly,
    detail: change.detail,
    before: change.before,
    after: change.after,
    state: change.state,
    created_at: change.createdAt.toISOString(),
    decided_at: change.decidedAt?.toISOString() ?? null,
    decided_by: change.decidedBy,
  };
}
