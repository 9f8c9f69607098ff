import type { EntityManager } from 'typeorm';
import { type SyncSource, syncSources } from '../merge/catalogue.types';
import type { StagedRepository } from './staged.repository';

/**
 * Those that have answered this sync: an answer with nothing in it is refused. Looked up, so that it holds whatever the settings were when
 * the sync began.
 */
export async function askedSources(
  staged: StagedRepository,
  manager: EntityManager,
  syncId: string,
): Promise<SyncSource[]> {
  const asked: SyncSource[] = [];
  for (const source of syncSources) if (await staged.has(manager, syncId, source)) asked.push(source);
  return asked;
}
