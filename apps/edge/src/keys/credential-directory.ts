import { type CredentialsDocument, ownerKeysOf, type KeyDocument } from '@signalbox/gateway';
import type { ProjectionReader } from './projection-reader';
import type { ProjectionStore } from './projection-store';

/** What the owners of a call have; null: the owner has no provider key. */
export type OwnersDocuments = (ownerKey: string) => CredentialsDocument | null;

/** Finds the documents of those whose provider keys may pay for a call: in memory, and before all was read, in Redis. */
export class CredentialDirectory {
  constructor(
    private readonly store: ProjectionStore,
    private readonly reader: ProjectionReader,
    /** Everything has been read once: what is not in memory does not exist. */
    private readonly isLoaded: () => boolean,
  ) {}

  /** @returns null when nobody can say just now; "none" would let the wrong one pay */
  find(key: KeyDocument): OwnersDocuments | Promise<OwnersDocuments | null> | null {
    const ownerKeys = Object.values(ownerKeysOf(key)).filter((ownerKey) => ownerKey !== null);
    if (ownerKeys.some((ownerKey) => this.store.isUnreadable('credentials', ownerKey))) return null;
    return this.isLoaded() ? this.inMemory : this.inRedis(ownerKeys);
  }

  private readonly inMemory: OwnersDocuments = (ownerKey) => this.store.get('credentials', ownerKey);

  private async inRedis(ownerKeys: string[]): Promise<OwnersDocuments | null> {
    const fields = ownerKeys.map((id) => ({ kind: 'credentials', id }) as const);
    try {
      const { isComplete, entries } = await this.reader.readFields(fields);
      for (const entry of entries) this.store.apply(entry);
      const areAllReadable = entries.every(({ document }) => document !== null);
      return isComplete && areAllReadable ? this.inMemory : null;
    } catch {
      return null;
    }
  }
}
