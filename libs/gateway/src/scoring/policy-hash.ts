import { createHash } from 'node:crypto';
import { isRecord } from '@signalbox/common';
import type { RoutingPolicy } from '../routing-policy';

const hashChars = 16;
/** A policy never changes: a new one takes its place. */
const known = new WeakMap<RoutingPolicy, string>();

function withSortedKeys(_name: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The same for equal policies, in whatever order their fields were written: by it a decision says which policy it was made under. */
export function policyHashOf(policy: RoutingPolicy): string {
  let hash = known.get(policy);
  if (hash === undefined) {
    const text = JSON.stringify(policy, withSortedKeys);
    hash = createHash('sha256').update(text).digest('hex').slice(0, hashChars);
    known.set(policy, hash);
  }
  return hash;
}
