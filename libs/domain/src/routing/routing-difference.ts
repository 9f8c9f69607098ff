import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@signalbox/common';

export const changeKinds = ['added', 'removed', 'changed'] as const;

/** One place at which two documents differ. */
export interface RoutingChange {
  /** `levels.eco.max_cost_per_1k_usd`; a list counts as one value. */
  readonly field: string;
  readonly change: (typeof changeKinds)[number];
  /** null where it is added. */
  readonly before: unknown;
  /** null where it is removed. */
  readonly after: unknown;
}

type JsonObject = Readonly<Record<string, unknown>>;

function changeAt(field: string, before: unknown, after: unknown): RoutingChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) return differenceOf(before, after, `${field}.`);
  if (before === undefined) return [{ field, change: 'added', before: null, after }];
  if (after === undefined) return [{ field, change: 'removed', before, after: null }];
  return [{ field, change: 'changed', before, after }];
}

/** Field by field, in the order of their names; equal documents give none, in whatever order their fields stand. */
export function differenceOf(before: JsonObject, after: JsonObject, prefix = ''): RoutingChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const own = (document: JsonObject): unknown =>
      Object.hasOwn(document, name) ? document[name] : undefined;
    return changeAt(`${prefix}${name}`, own(before), own(after));
  });
}
