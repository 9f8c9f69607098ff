import type { CatalogueSyncEntity } from '@signalbox/database';

/** One step: each call does one piece of it in one transaction, which also says where the sync goes on. */
export interface SyncStep {
  work(sync: CatalogueSyncEntity, signal: AbortSignal): Promise<void>;
}
