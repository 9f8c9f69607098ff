import {
  type CatalogueDocument,
  type CredentialsDocument,
  type FactsDocument,
  factsDocumentId,
  type KeyDocument,
  ownerKeysOf,
  type ProjectionField,
} from '@signalbox/gateway';
import type { ProjectionReader } from './projection-reader';
import type { ProjectionStore } from './projection-store';

/** What it takes to say who may be called, and who pays. */
export interface PaymentDocuments {
  /** null: there is no release yet. */
  catalogue: CatalogueDocument | null;
  /** null: the owner has no provider key. */
  documentOf: (ownerKey: string) => CredentialsDocument | null;
  /** null: nothing is known of any deployment. */
  facts: FactsDocument | null;
}

function fieldsOf(key: KeyDocument): ProjectionField[] {
  const ownerKeys = Object.values(ownerKeysOf(key)).filter((ownerKey) => ownerKey !== null);
  const owners = ownerKeys.map((id) => ({ kind: 'credentials', id }) as const);
  return [{ kind: 'catalogue', id: 'current' }, { kind: 'facts', id: factsDocumentId }, ...owners];
}

/** Finds the documents by which a call is paid: in memory, and before everything was read, in Redis. */
export class CredentialDirectory {
  private readonly documentOf = (ownerKey: string): CredentialsDocument | null =>
    this.store.get('credentials', ownerKey);

  constructor(
    private readonly store: ProjectionStore,
    private readonly reader: ProjectionReader,
    /** Everything has been read once: what is not in memory does not exist. */
    private readonly isLoaded: () => boolean,
  ) {}

  /** @returns null when nobody can say just now; "none" would let the wrong one pay */
  find(key: KeyDocument): PaymentDocuments | Promise<PaymentDocuments | null> | null {
    if (this.isLoaded() && this.store.isAllReadable) return this.inMemory();
    const fields = fieldsOf(key);
    // Facts that cannot be read are none, which rules out whoever would need them.
    if (fields.some(({ kind, id }) => kind !== 'facts' && this.store.isUnreadable(kind, id))) return null;
    return this.isLoaded() ? this.inMemory() : this.inRedis(fields);
  }

  private inMemory(): PaymentDocuments {
    return {
      catalogue: this.store.get('catalogue', 'current'),
      documentOf: this.documentOf,
      facts: this.store.get('facts', factsDocumentId),
    };
  }

  private async inRedis(fields: ProjectionField[]): Promise<PaymentDocuments | null> {
    try {
      const { isComplete, entries } = await this.reader.readFields(fields);
      for (const entry of entries) this.store.apply(entry);
      const areAllReadable = entries.every(
        ({ field, document }) => field.kind === 'facts' || document !== null,
      );
      return isComplete && areAllReadable ? this.inMemory() : null;
    } catch {
      return null;
    }
  }
}
