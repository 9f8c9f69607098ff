/**
 * A list of models as keys and workspaces carry it. `[]` allows everything that the level above allows. An entry is a
 * model's exact name, `prefix/*` or `*`. LiteLLM's special names keep their meaning, since clients and scripts know them.
 */
export type ModelList = readonly string[];

const everything: ReadonlySet<string> = new Set(['all-team-models', 'all-proxy-models', '*']);
const nothing = 'no-default-models';

function isUnrestricted(list: ModelList): boolean {
  // 'no-default-models' beside 'all-...' is a contradiction: the stricter one wins.
  if (list.includes(nothing)) return false;
  return list.length === 0 || list.some((entry) => everything.has(entry));
}

function entryAllows(entry: string, model: string): boolean {
  if (entry === nothing || everything.has(entry)) return false;
  if (!entry.endsWith('/*')) return entry === model;
  const prefix = entry.slice(0, -1);
  return model.length > prefix.length && model.startsWith(prefix);
}

export function listAllows(list: ModelList, model: string): boolean {
  return isUnrestricted(list) || list.some((entry) => entryAllows(entry, model));
}

/** A model must be on every list, from the narrowest level to the widest. */
export function listsAllow(lists: readonly ModelList[], model: string): boolean {
  return lists.every((list) => listAllows(list, model));
}
