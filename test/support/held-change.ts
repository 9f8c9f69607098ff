import { newId } from '@signalbox/common';
import { CatalogueChangeEntity } from '@signalbox/database';
import type { TestDatabase } from './test-database';

/** A change of the catalogue that waits for a person, without the sync that would make one. @returns its id */
export async function insertHeldChange({
  transactions,
}: Pick<TestDatabase, 'transactions'>): Promise<string> {
  const id = newId('catalogueChange');
  await transactions.run('platform', (manager) =>
    manager.insert(CatalogueChangeEntity, {
      id,
      syncId: newId('catalogueSync'),
      anomaly: 'mass_vanishing',
      detail: 'a third of the models is gone',
      after: { ids: [], source: 'openrouter' } as object,
      fingerprint: id,
      state: 'waiting',
    }),
  );
  return id;
}
