import type { CatalogueSource, EntryContent } from './catalogue.types';

/** What each entry has from the source that it is of, as long as no person wrote over it. */
const always = ['name', 'vendor', 'mode'] as const;

/** Whose an entry is: a person may have renamed one of a sync. null: it says nothing of where it is from. */
export function sourceOfEntry(provenance: EntryContent['provenance']): CatalogueSource | null {
  const said = always.flatMap((name) => provenance[name]?.source ?? []);
  return said.find((source) => source !== 'manual') ?? said[0] ?? null;
}
