import { createHash } from 'node:crypto';
import { isRecord } from '@signalbox/common';
import type { Estimated } from '../limit-estimate';
import type { RoutingPolicy } from '../routing-policy';

const hashChars = 24;
const longestName = 1_024;

function nameIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, longestName) : null;
}

/**
 * What all requests of one conversation have in common: the header x-session-id, `session_id` of the body or of its metadata, or
 * `prompt_cache_key`; the last one of these that is there. Only a hash of it is kept: it may be the name of a person.
 *
 * @returns null where the policy does not ask for it, or nothing is said
 */
export function affinityKeyOf(
  policy: RoutingPolicy,
  workspaceId: string,
  header: string | readonly string[] | undefined,
  fields: Estimated['fields'],
): string | null {
  if (policy.session_affinity === 'off') return null;
  const { metadata } = fields;
  const name =
    nameIn(fields['prompt_cache_key']) ??
    (isRecord(metadata) ? nameIn(metadata['session_id']) : null) ??
    nameIn(fields['session_id']) ??
    nameIn(header);
  if (name === null) return null;
  return createHash('sha256').update(`${workspaceId}\n${name}`).digest('hex').slice(0, hashChars);
}
