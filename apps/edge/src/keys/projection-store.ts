import {
  projectionField,
  type ProjectionDocuments,
  type ProjectionField,
  type ProjectionKind,
} from '@signalbox/gateway';

export type ProjectionDocument = ProjectionDocuments[ProjectionKind];

/** One entry as read from Redis. null: the entry is unreadable, so the edge must not go on using an older one. */
export interface ProjectionEntry {
  field: ProjectionField;
  document: ProjectionDocument | null;
}

type Documents = { [Kind in ProjectionKind]: Map<string, ProjectionDocuments[Kind]> };

interface Contents {
  documents: Documents;
  /** Fields whose document could not be read: there is one, so "none" would be wrong. */
  unreadable: Set<string>;
}

function emptyContents(): Contents {
  const documents = {
    key: new Map(),
    workspace: new Map(),
    organization: new Map(),
    service: new Map(),
    catalogue: new Map(),
    credentials: new Map(),
    settings: new Map(),
    facts: new Map(),
  };
  return { documents, unreadable: new Set() };
}

function put({ documents, unreadable }: Contents, { field, document }: ProjectionEntry): void {
  const byId = documents[field.kind] as Map<string, ProjectionDocument>;
  const name = projectionField(field.kind, field.id);
  const held = byId.get(field.id);
  if (document === null) {
    byId.delete(field.id);
    unreadable.add(name);
  } else if (!held || document.v >= held.v) {
    byId.set(field.id, document);
    unreadable.delete(name);
  }
}

/** The projection in memory. It answers while Redis is away. */
export class ProjectionStore {
  private contents = emptyContents();
  private changes = 0;

  /** Another number means that something may have changed. */
  get revision(): number {
    return this.changes;
  }

  get isAllReadable(): boolean {
    return this.contents.unreadable.size === 0;
  }

  get<Kind extends ProjectionKind>(kind: Kind, id: string): ProjectionDocuments[Kind] | null {
    return this.contents.documents[kind].get(id) ?? null;
  }

  isUnreadable(kind: ProjectionKind, id: string): boolean {
    return this.contents.unreadable.has(projectionField(kind, id));
  }

  /** A document older than the one held is ignored: messages may overtake one another. */
  apply(entry: ProjectionEntry): void {
    this.changes += 1;
    put(this.contents, entry);
  }

  /**
   * Puts a complete reading of Redis in place of everything. Versions may go down here: the truth may have been restored from
   * a backup. Changes that arrived during the reading are newer than what it read, or the same.
   */
  replaceAll(entries: readonly ProjectionEntry[], changedMeanwhile: readonly ProjectionEntry[]): void {
    const next = emptyContents();
    for (const entry of entries) put(next, entry);
    for (const entry of changedMeanwhile) put(next, entry);
    this.contents = next;
    this.changes += 1;
  }

  /** Whether a complete reading holds an older version of anything than memory does, apart from what changed meanwhile. */
  isAheadOf(entries: readonly ProjectionEntry[], changedMeanwhile: readonly ProjectionEntry[]): boolean {
    const changed = new Set(changedMeanwhile.map(({ field }) => projectionField(field.kind, field.id)));
    return entries.some(({ field, document }) => {
      const held = this.get(field.kind, field.id);
      const isOlder = held !== null && document !== null && document.v < held.v;
      return isOlder && !changed.has(projectionField(field.kind, field.id));
    });
  }

  /** Keys of which a complete reading holds another version than memory does. */
  changedKeys(entries: readonly ProjectionEntry[]): string[] {
    const { key: held } = this.contents.documents;
    return entries
      .filter(({ field, document }) => field.kind === 'key' && document?.v !== held.get(field.id)?.v)
      .map(({ field }) => field.id);
  }

  /** Every readable document, as it was or as it has become meanwhile: for a reader that pauses on its way. */
  *documents(): Generator<{ kind: ProjectionKind; id: string; document: ProjectionDocument }> {
    const { documents } = this.contents;
    for (const kind of Object.keys(documents) as ProjectionKind[]) {
      for (const [id, document] of documents[kind]) yield { kind, id, document };
    }
  }

  all<Kind extends ProjectionKind>(kind: Kind): Iterable<ProjectionDocuments[Kind]> {
    return this.contents.documents[kind].values();
  }

  /** The kinds and ids of documents that could not be read. */
  unreadableFields(): string[] {
    return [...this.contents.unreadable];
  }

  size(kind: ProjectionKind): number {
    return this.contents.documents[kind].size;
  }
}
