import type { EntryContent } from '../merge/catalogue.types';
import type { JoinedEntry } from '../merge/join-sources';
import { sourceOfEntry } from '../merge/source-of-entry';

/**
 * A model that only LiteLLM knew has its name there (`anthropic/claude-sonnet-4-5`). Once OpenRouter has it under another one
 * (`anthropic/claude-sonnet-4.5`) it is the same entry with a new id, not one that has gone and one that has come.
 * @param ids of all entries that there will be
 */
export function formerIdOf(
  { id, litellm }: JoinedEntry,
  known: ReadonlyMap<string, EntryContent>,
  ids: ReadonlySet<string>,
): string | null {
  if (known.has(id)) return null;
  const own = litellm.find((entry) => !ids.has(entry.id) && isOfLitellmOnly(known.get(entry.id)));
  return own?.id ?? null;
}

function isOfLitellmOnly(entry: EntryContent | undefined): boolean {
  return !!entry && sourceOfEntry(entry.provenance) === 'litellm' && entry.status !== 'vanished';
}
