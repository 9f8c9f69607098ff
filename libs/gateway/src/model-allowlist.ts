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

/** A short list is read faster than looked up, and there may be one for each of many keys. */
const longList = 16;

interface ReadList {
  readonly isUnrestricted: boolean;
  readonly names: ReadonlySet<string>;
  readonly wide: readonly string[];
}

/** Every name of a large catalogue is held against it, at each request for the models. A list never changes: a new one takes its place. */
const longLists = new WeakMap<ModelList, ReadList>();

function readLongList(list: ModelList): ReadList {
  const known = longLists.get(list);
  if (known) return known;
  const wide = list.filter((entry) => entry.endsWith('/*'));
  const names = new Set(list.filter((entry) => entryAllows(entry, entry) && !entry.endsWith('/*')));
  const read = { isUnrestricted: isUnrestricted(list), names, wide };
  longLists.set(list, read);
  return read;
}

export function listAllows(list: ModelList, model: string): boolean {
  if (list.length < longList) return isUnrestricted(list) || list.some((entry) => entryAllows(entry, model));
  const { isUnrestricted: isOpen, names, wide } = readLongList(list);
  return isOpen || names.has(model) || wide.some((entry) => entryAllows(entry, model));
}

/** A model must be on every list, from the narrowest level to the widest. */
export function listsAllow(lists: readonly ModelList[], model: string): boolean {
  return lists.every((list) => listAllows(list, model));
}
